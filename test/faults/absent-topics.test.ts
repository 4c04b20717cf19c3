/**
 * A topic that was away for two seconds, or a right that was missing for a moment, cost up to a minute of acknowledged messages after it was
 * back, and /readyz was 200. Kafka here asks its authorizer about everything that the bridge does.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, type Admin, ResourcePatternTypes } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Arrival, judge } from '../../bridge/verify/verdict.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import type { MkbProcess } from '../support/bridge-process.ts';
import { type Fault, long, type Scene } from './faults.ts';
import { readBack } from './read-back.ts';
import { mkbUnder, runLimitMs, settledAccounts } from './under-fault.ts';
import { mkbFor, oracleFor, type Run, startWorld, type World } from './world.ts';

const awayMs = long ? 60_000 : 3000;

const authorizer = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
  // Brokers among each other, and the tests.
  'super.users': 'User:ANONYMOUS',
};

describeReal('kafka', 'mosquitto')('no acknowledged message is lost when', () => {
  let world: World;
  let admin: Admin;
  let publisher: MqttClient;
  beforeAll(async () => {
    world = await startWorld({ sasl: true, config: authorizer });
    admin = world.kafka.client().admin();
    await admin.connect();
    publisher = await mqtt.connectAsync(world.mosquitto.url, { protocolVersion: 5 });
  });
  afterAll(async () => {
    await publisher?.endAsync(true);
    await admin?.disconnect();
    await world?.stop();
  });

  const newRun = async (): Promise<Run> => {
    const { username, password } = world.kafka.user;
    const auth = { mechanism: 'plain', username, password: { value: password } };
    return { ...(await world.newRun()), bootstrap: world.kafka.bootstrapSasl, auth };
  };

  const readiness = async (bridge: MkbProcess) => await (await fetch(`${bridge.httpUrl}/readyz`)).text();
  const waitsFor = (bridge: MkbProcess, topic: string) =>
    until(`the bridge to wait for ${topic}`, async () => (await readiness(bridge)).includes(`topic ${topic} since`));

  /** An authorizer that knows a topic allows what it is told, and nothing else. */
  async function deny(topic: string, operation: AclOperationTypes): Promise<void> {
    const entry = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${world.kafka.user.username}`,
      host: '*',
    };
    await admin.createAcls({
      acl: [
        { ...entry, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
        { ...entry, operation, permissionType: AclPermissionTypes.DENY },
      ],
    });
  }

  const allow = async (topic: string): Promise<void> => {
    await admin.deleteAcls({
      filters: [
        {
          resourceType: AclResourceTypes.TOPIC,
          resourceName: topic,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          operation: AclOperationTypes.ANY,
          permissionType: AclPermissionTypes.ANY,
        },
      ],
    });
  };

  test.each([
    ['write', AclOperationTypes.WRITE],
    ['do anything', AclOperationTypes.ALL],
  ] as const)(
    'the right to %s is missing for a moment',
    async (_name, operation) => {
      const run = await newRun();
      const fault: Fault = {
        name: 'a right is missing',
        do: () => deny(run.topic, operation),
        last: async ({ bridge }) => {
          await waitsFor(bridge as MkbProcess, run.topic);
          await pause(awayMs);
        },
        undo: () => allow(run.topic),
      };
      const { verdict, accounts } = await mkbUnder(world, fault, { run });
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(accounts).toEqual([]);
    },
    runLimitMs,
  );

  test(
    'dead letters may not be written for a moment',
    async () => {
      const run = await newRun();
      const sql = `SELECT payload FROM "${run.topicPrefix}/{clientid}" WHERE payload.number >= 0`;
      const bridge = await mkbFor(run, { sql });
      const oracle = oracleFor(world, run);
      try {
        await bridge.start();
        await deny(run.deadTopic, AclOperationTypes.WRITE);
        await oracle.start();
        // Fifty, and more if Kafka is late to know what it may not take.
        let poisoned = 0;
        const poison = async () => {
          for (const goal = poisoned + 50; poisoned < goal; poisoned++)
            await publisher.publishAsync(`${run.topicPrefix}/poisoner`, `{ no JSON ${poisoned}`, { qos: 1 });
          return (await readiness(bridge)).includes(`topic ${run.deadTopic} since`);
        };
        await until('the bridge to wait for the dead-letter topic', poison, { everyMs: 1000 });
        await pause(awayMs);
        await allow(run.deadTopic);
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(await settledAccounts(bridge)).toEqual([]);
        expect((await bridge.metrics()).sum('mkb_messages_dead_lettered_total')).toBe(poisoned);
        const letters = await readBack(world.kafka.client(), run.deadTopic, [], 60_000);
        expect(letters.length).toBe(poisoned);
      } finally {
        await oracle.stop();
        await bridge.remove();
      }
    },
    runLimitMs,
  );

  describe('a topic is deleted under load and made again', () => {
    /** What the topic held goes with it, by the will of whoever deleted it: so it is read before, while nothing reaches Kafka. */
    async function remake(
      partitions: number,
    ): Promise<{ before: Arrival[]; run: Run; bridge: MkbProcess; scene: Scene }> {
      const run: Run = { ...(await world.newRun('kafka proxy')) };
      const bridge = await mkbFor(run);
      await bridge.start();
      const oracle = oracleFor(world, run, { messagesPerClient: 1500, messagesPerSecond: 1500 });
      await oracle.start();
      await oracle.reach(0.3);
      const [{ proxy }] = world.kafka.brokers as [(typeof world.kafka.brokers)[0]];
      proxy!.freeze('up');
      // What Kafka has taken off the wire is written when it says the same twenty times.
      let [same, last] = [0, ''];
      await until('Kafka to have written what it got', async () => {
        const ends = JSON.stringify(await admin.fetchTopicOffsets(run.topic));
        same = ends === last ? same + 1 : 0;
        last = ends;
        return same >= 20;
      });
      const before = await readBack(world.kafka.client(), run.topic, [], 60_000);
      await admin.deleteTopics({ topics: [run.topic] });
      proxy!.thaw('up');
      await waitsFor(bridge, run.topic);
      await pause(2000);
      await world.kafka.createTopic(run.topic, { partitions });
      return { before, run, bridge, scene: { ...world, bridge, oracle } };
    }

    test.each([
      [3, ''],
      [1, ', with fewer partitions'],
    ])(
      'with %d partitions%s',
      async partitions => {
        const { before, run, bridge, scene } = await remake(partitions);
        const { oracle } = scene;
        try {
          expect(before.length).toBeGreaterThan(0);
          await oracle.load.finished;
          const { ledgers } = oracle.load;
          const there = new Set(before.map(({ client, number }) => `${client} ${number}`));
          // A reader waits for what is not there yet.
          const missing = ledgers.map(({ client, published, acknowledged }) => ({
            client,
            published,
            acknowledged: new Set([...acknowledged].filter(number => !there.has(`${client} ${number}`))),
          }));
          const after = await readBack(world.kafka.client(), run.topic, missing, 60_000);
          const verdict = judge(ledgers, [...before, ...after]);
          const problems = verdict.problems.filter(
            // Keys are in other partitions of a topic that has fewer.
            problem => partitions === 3 || !/spread over partitions|out of order/.test(problem),
          );
          expect(problems, verdict.text).toEqual([]);
          expect(await settledAccounts(bridge)).toEqual([]);
          const metrics = await bridge.metrics();
          expect(metrics.sum('mkb_messages_delivered_total')).toBe(metrics.sum('mkb_messages_received_total'));
          expect(await readiness(bridge)).toBe('ready\n');
        } finally {
          await oracle.stop();
          await bridge.remove();
        }
      },
      runLimitMs,
    );
  });

  test(
    'a leader is reached nowhere, as with wrong advertised.listeners, and /readyz says so',
    async () => {
      const [{ proxy }] = world.kafka.brokers as [(typeof world.kafka.brokers)[0]];
      // Metadata names the proxy, and this is the port behind it.
      const run: Run = { ...(await world.newRun()), bootstrap: `127.0.0.1:${proxy!.targetPort}` };
      const bridge = await mkbFor(run);
      const oracle = oracleFor(world, run);
      proxy!.refuse();
      try {
        await bridge.launch();
        const named = `led at 127.0.0.1:${proxy!.port}`;
        await until('it to be said', async () => (await readiness(bridge)).includes(named));
        await until('it to be subscribed', async () => (await bridge.metrics()).sum('mkb_mqtt_connected') === 1);
        expect(await readiness(bridge)).toContain('advertised.listeners');
        expect((await bridge.metrics()).sum('mkb_kafka_connected')).toBe(0);
        await oracle.start();
        await oracle.reach(0.2);
        expect((await readiness(bridge)).split('\n')[0]).toContain(named);
        proxy!.accept();
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        await until('it to be ready', () => bridge.ready());
        expect((await bridge.metrics()).sum('mkb_kafka_connected')).toBe(1);
      } finally {
        proxy!.accept();
        await oracle.stop();
        await bridge.remove();
      }
    },
    runLimitMs,
  );
});
