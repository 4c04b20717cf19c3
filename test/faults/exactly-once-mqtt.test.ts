// A bridge was killed between a record and the acknowledgement of its message of QoS 2. The server delivered that again, and it was written twice.
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readNumbered } from '../../bridge/verify/numbered-message.ts';
import type { Arrival, Ledger } from '../../bridge/verify/verdict.ts';
import { producerFor, readTopic } from '../bridge/kafka/support/producing.ts';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { byName, type Fault, kafkaCut, kafkaKilled, long, mosquittoRestarted, mqttCut } from './faults.ts';
import { judgeUnder, load, runLimitMs, settledAccounts } from './under-fault.ts';
import { oracleFor, type Run, runDocument, startWorld, type World } from './world.ts';

/** Carries a run's messages in transactions. */
function documentFor(run: Run): object {
  const document = structuredClone(runDocument(run, { qos: 2 })) as { spec: Record<'kafka' | 'delivery', object> };
  document.spec.kafka = { ...document.spec.kafka, clientId: run.topic };
  document.spec.delivery = { ...document.spec.delivery, guarantee: 'exactlyOnce', commitInterval: '50ms' };
  return document;
}

const killedAtRandom: Fault = {
  name: 'the bridge is killed with -9 at random moments',
  times: long ? 20 : 3,
  do: async ({ bridge }) => {
    await pause(Math.random() * 200);
    await bridge.kill();
  },
  undo: ({ bridge }) => bridge.start(),
};

/** A message that is nobody's number. */
const nudge = 'nudge';

/** What was under way is delivered again, by identifiers that the old session had. */
const killedOnce: Fault = {
  name: 'the bridge is killed once',
  do: async ({ bridge }) => {
    await bridge.kill();
  },
  undo: ({ bridge }) => bridge.start(),
};

describeReal('kafka', 'mosquitto')('a message of QoS 2', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** What readers with `read_committed` see, when all that was acknowledged is there, or nothing more comes for a minute. */
  async function arrivalsOf({ topic }: Run, ledgers: readonly Ledger[]): Promise<Arrival[]> {
    const expected = ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
    const read = async () =>
      (await readTopic(world.kafka.bootstrap, topic))
        .filter(({ value }) => value !== nudge)
        .map(({ key, value, partition }, offset) => {
          const { client, number } = readNumbered(Buffer.from(value)) ?? { client: undefined, number: undefined };
          return { key, partition, offset, client, number };
        });
    let arrivals: Arrival[] = [];
    const isWhole = async () => {
      arrivals = await read();
      return new Set(arrivals.map(({ client, number }) => `${client} ${number}`)).size >= expected;
    };
    await until('all messages', isWhole, { timeoutMs: 60_000, everyMs: 500 }).catch(() => undefined);
    return arrivals;
  }

  const oracle = (run: Run) =>
    oracleFor(world, run, {
      ...load,
      messagesPerSecond: 1000,
      qos: 2,
      arrivals: ledgers => arrivalsOf(run, ledgers),
    });

  test.each(byName(killedAtRandom, mqttCut, kafkaCut, mosquittoRestarted, ...(long ? [kafkaKilled] : [])))(
    'is in Kafka once, in the order of its client, when %s',
    async (_name, fault) => {
      const run = await world.newRun(fault.link);
      const bridge = new MkbProcess(documentFor(run), await freePort());
      try {
        await bridge.start();
        const verdict = await judgeUnder(world, fault, bridge, oracle(run));
        expect(verdict.problems, `${verdict.text}\n${bridge.log()}`).toEqual([]);
        expect(verdict.duplicates, `${verdict.text}\n${bridge.log()}`).toBe(0);
        expect(await settledAccounts(bridge)).toEqual([]);
      } finally {
        await bridge.remove();
      }
    },
    runLimitMs,
  );

  test(
    'is in Kafka once, although the server has lost the session that identifiers are kept of',
    async () => {
      const run = await world.newRun();
      const topic = `${run.topic}-session`;
      await world.kafka.createTopic(topic);
      const kept = { version: 1, server: run.mqttUrl, clientId: run.topic, packetIds: '1-500' };
      const producer = await producerFor(world.kafka.bootstrap);
      await producer.deliver(topic, [{ key: `${run.topic}-0`, value: JSON.stringify(kept), partition: 0 }]);
      producer.close();
      const bridge = new MkbProcess(documentFor(run), await freePort());
      try {
        await bridge.start();
        expect(bridge.log()).toContain('mqtt-session-lost');
        const verdict = await judgeUnder(world, killedOnce, bridge, oracle(run));
        expect([verdict.problems, verdict.duplicates], `${verdict.text}\n${bridge.log()}`).toEqual([[], 0]);
      } finally {
        await bridge.remove();
      }
    },
    runLimitMs,
  );

  test(
    'is in Kafka once, although a second process takes the id of the first, which ends',
    async () => {
      const run = await world.newRun();
      const document = documentFor(run);
      const first = new MkbProcess(document, await freePort());
      const second = new MkbProcess(document, await freePort());
      const taken: Fault = {
        name: 'taken',
        do: async () => {
          await second.launch();
          // It learns it by its next transaction; as long as it has nothing to write it does no harm.
          const client = await connectAsync(run.mqttUrl);
          const ends = async () => {
            await client.publishAsync(`${run.topicPrefix}/other`, nudge, { qos: 2 });
            return !first.running;
          };
          await until('the first to end', ends, { timeoutMs: 120_000 }).finally(() => client.endAsync(true));
          await until('the second to be ready', () => second.ready().catch(() => false), { timeoutMs: 120_000 });
        },
        undo: () => undefined,
      };
      try {
        await first.start();
        const verdict = await judgeUnder(world, taken, first, oracle(run));
        expect(first.log()).toContain('kafka-producer-fenced');
        expect([verdict.problems, verdict.duplicates], `${verdict.text}\n${second.log()}`).toEqual([[], 0]);
      } finally {
        await Promise.all([first.remove(), second.remove()]);
      }
    },
    runLimitMs,
  );
});
