/** Sessions of replicas that are gone are drained by `mkb drain`, under every fault, and no message is lost. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { DrainProcess, type LeftSession, leaveSession, sessionPresent } from './left-session.ts';
import type { Oracle, OracleOptions } from './oracle.ts';
import { runLimitMs } from './under-fault.ts';
import { oracleFor, type Run, runDocument, startWorld, type World } from './world.ts';

vi.setConfig({ testTimeout: runLimitMs, hookTimeout: runLimitMs });

const clients = 4;
const messages = 20_000;

describeReal('kafka', 'mosquitto')('a session that a replica left behind at Mosquitto', () => {
  let world: World;
  let oracle: Oracle;
  const drains: DrainProcess[] = [];

  beforeAll(async () => {
    world = await startWorld();
  });

  afterEach(async () => {
    await Promise.all(drains.splice(0).map(drain => drain.kill()));
    world.mqttProxy.clear();
    await oracle.stop();
  });

  afterAll(() => world?.stop());

  const drain = (document: object, ordinal: number): DrainProcess => {
    const started = new DrainProcess(document, ordinal);
    drains.push(started);
    return started;
  };

  /** Begins to publish. */
  const publish = async (run: Run, options: Partial<OracleOptions> = {}): Promise<void> => {
    oracle = oracleFor(world, run, { clients, messagesPerClient: messages / clients, ...options });
    await oracle.start();
  };

  /** Has all messages wait in the session of replica 2, the only one of its group. */
  const fill = async (run: Run, { qos = 1, version = '5' }: Partial<LeftSession> = {}): Promise<void> => {
    const filter = `$share/${run.topic}/${run.topicPrefix}/+`;
    await leaveSession(world.mosquitto.url, { clientId: `${run.topic}-2`, filter, qos, version });
    await publish(run, { qos, messagesPerSecond: 20_000 });
    await oracle.load.finished;
  };

  const recordsIn = async (topic: string): Promise<number> => {
    const admin = world.kafka.client().admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  };

  test.each([
    { version: '5', qos: 1 },
    { version: '5', qos: 2 },
    { version: '3.1.1', qos: 1 },
  ] as const)(`MQTT $version, QoS $qos: all ${messages} messages are in Kafka, once and in order, and the session is gone`, async how => {
    const run = await world.newRun();
    await fill(run, how);
    const { code, stdout, stderr } = await drain(sharing(run, how), 2).ended;
    expect([code, stdout], stderr).toEqual([
      0,
      `Drained ${run.topic}-2: ${messages} messages (${messages} delivered). Its session is ended.\n`,
    ]);
    const verdict = await oracle.verdict();
    expect(verdict.problems, verdict.text).toEqual([]);
    expect([verdict.acknowledged, verdict.duplicates]).toEqual([messages, 0]);
    expect(await sessionPresent(world.mosquitto.url, `${run.topic}-2`)).toBe(false);
  });

  describe('with a fault midway', () => {
    let run: Run;
    let draining: DrainProcess;

    beforeEach(async () => {
      run = await world.newRun('mqtt proxy');
      await fill(run);
      // So slow that there is a midway, however long it takes to look.
      world.mqttProxy.limit(300_000, 'down');
      draining = drain(sharing(run), 2);
      await until('a tenth to be in Kafka', async () => (await recordsIn(run.topic)) > messages / 10);
    });

    /** Lets the last drain end. */
    const expectAllDrained = async (last: DrainProcess): Promise<void> => {
      world.mqttProxy.limit(Number.POSITIVE_INFINITY);
      const { code, stdout, stderr } = await last.ended;
      expect([code, stdout], stderr).toEqual([0, expect.stringMatching(/^Drained .* Its session is ended\.\n$/)]);
      const verdict = await oracle.verdict();
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(verdict.acknowledged).toBe(messages);
      expect(await sessionPresent(world.mosquitto.url, `${run.topic}-2`)).toBe(false);
    };

    test('kill -9 of the drain: a second one has the rest', async () => {
      await draining.kill();
      expect(await recordsIn(run.topic)).toBeLessThan(messages);
      await expectAllDrained(drain(sharing(run), 2));
    });

    test('a connection that is cut is made again', async () => {
      const { taken } = world.mqttProxy;
      world.mqttProxy.cut('reset');
      await until('the next connection', () => world.mqttProxy.taken > taken);
      world.mqttProxy.cut('end');
      await until('the one after', () => world.mqttProxy.taken > taken + 1);
      expect(await recordsIn(run.topic)).toBeLessThan(messages);
      await expectAllDrained(draining);
    });

    test('a broker that goes silent is not taken for an empty session', async () => {
      world.mqttProxy.freeze();
      expect(await steady(() => recordsIn(run.topic))).toBeLessThan(messages);
      world.mqttProxy.thaw();
      await expectAllDrained(draining);
    });

    test('Kafka is killed and started again', async () => {
      expect(await recordsIn(run.topic)).toBeLessThan(messages);
      await world.kafka.brokers[0]!.kill();
      await world.kafka.brokers[0]!.start();
      await expectAllDrained(draining);
    });
  });

  test('while messages are published all the time, those that come later go to the replica that remains', async () => {
    const run = await world.newRun();
    const document = sharing(run);
    const [stays, leaves] = await Promise.all(
      [0, 1].map(async ordinal => new MkbProcess(document, await freePort(), ordinal)),
    );
    try {
      await Promise.all([stays!.start(), leaves!.start()]);
      // More than there is time for: publishing goes on until the drain has ended, however long that takes.
      await publish(run, { messagesPerClient: 1_000_000, messagesPerSecond: 1000 });
      const acknowledged = (count: number) =>
        until(`${count} acknowledged messages`, () => oracle.load.acknowledged >= count);
      await acknowledged(2000);
      await leaves!.stop();
      await acknowledged(4000);
      const { code, stdout, stderr } = await drain(document, 1).ended;
      expect([code, stdout], stderr).toEqual([0, expect.stringContaining(`Drained ${run.topic}-1: `)]);
      await acknowledged(oracle.load.acknowledged + 2000);
      await oracle.stop();
      const verdict = await oracle.verdict();
      // Two replicas keep no order between them.
      expect(verdict.problems.filter(problem => !problem.startsWith('Messages arrived out of order'))).toEqual([]);
      expect(await sessionPresent(world.mosquitto.url, `${run.topic}-1`)).toBe(false);
    } finally {
      await Promise.all([stays!.remove(), leaves!.remove()]);
    }
  });
});

/** The document of a run, of replicas that share its messages. */
function sharing(run: Run, { qos = 1, version = '5' }: Partial<LeftSession> = {}): object {
  const document = runDocument(run, { qos }) as { spec: { mqtt: object } };
  return { ...document, spec: { ...document.spec, mqtt: { ...document.spec.mqtt, version, share: run.topic } } };
}

/** Waits until a number has not changed for longer than silence takes, and gives it. */
async function steady(read: () => Promise<number>): Promise<number> {
  const silenceMs = 4000;
  let last = -1;
  let since = performance.now();
  return await until('a number to be steady', async () => {
    const now = await read();
    if (now !== last) [last, since] = [now, performance.now()];
    return performance.now() - since > silenceMs ? last : undefined;
  });
}
