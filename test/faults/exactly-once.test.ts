// A bridge from Kafka to Kafka was killed between a record and its offset, and wrote the record twice.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { producerFor, readTopic } from '../bridge/kafka/support/producing.ts';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { long } from './faults.ts';
import { lag, wrongAccounts } from './record-run.ts';
import { runLimitMs } from './under-fault.ts';
import { type Run, startWorld, type World } from './world.ts';

const patience = { timeoutMs: 120_000 };
const keys = 8;
const perKey = long ? 10_000 : 500;

/** Carries a run's topic to another. The client id is the transactional id. */
const documentFor = ({ topic, deadTopic, bootstrap }: Run, commitInterval = '50ms'): object => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: topic },
  spec: {
    mqtt: { url: 'mqtt://127.0.0.1:1' },
    kafka: { bootstrapServers: bootstrap.split(','), consumer: { offsetReset: 'earliest', sessionTimeout: '6s' } },
    rules: [
      {
        name: 'carry',
        sql: `SELECT * FROM "$kafka/${topic}"`,
        sinks: [{ kafka: { topic: `${topic}-out`, key: '${key}', value: '${value}' } }],
      },
    ],
    delivery: { guarantee: 'exactlyOnce', commitInterval, onFailure: { deadLetter: { topic: deadTopic } } },
  },
});

interface Scene extends World {
  readonly run: Run;
  readonly bridge: MkbProcess;
  /** Another replica, which does not run. */
  readonly replica: MkbProcess;
  /** Waits until this share of all records is written to the bridge's topic. */
  reach(share: number): Promise<void>;
}

interface Fault {
  readonly name: string;
  readonly link?: 'kafka proxy';
  run(scene: Scene): Promise<void>;
}

const times = long ? 40 : 3;

const faults: Fault[] = [
  {
    name: 'the bridge is killed with -9 at random moments',
    run: async ({ bridge, reach }) => {
      for (let time = 0; time < times; time++) {
        await reach(time / times);
        await pause(Math.random() * 200);
        await bridge.kill();
        await bridge.start();
      }
    },
  },
  {
    name: 'its connections to Kafka are reset again and again',
    link: 'kafka proxy',
    run: async ({ kafka, reach }) => {
      for (let time = 0; time < 3 * times; time++) {
        await reach(time / (3 * times));
        await pause(Math.random() * 100);
        kafka.brokers[0]!.proxy!.cut('reset');
      }
    },
  },
  {
    name: 'Kafka is killed with -9 and started again',
    run: async ({ kafka, reach }) => {
      await reach(0.4);
      await kafka.brokers[0]!.kill();
      await kafka.brokers[0]!.start();
    },
  },
  {
    name: 'another replica joins and is killed with -9',
    run: async ({ replica, reach }) => {
      await reach(0.2);
      await replica.start();
      await reach(0.5);
      await replica.kill();
    },
  },
];

describeReal('kafka', 'mosquitto')('a record from Kafka to Kafka', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** Writes numbered records in pieces, at least `perKey` of each key. @param enough whether it may end then */
  async function writeRecords(run: Run, share: { written: number }, enough = () => true): Promise<void> {
    const producer = await producerFor(world.kafka.bootstrap);
    try {
      for (let number = 0; number < perKey || !enough(); number += 10) {
        const records = Array.from({ length: 10 * keys }, (_, at) => ({
          key: `k${at % keys}`,
          value: `${number + Math.floor(at / keys)}`,
          timestamp: Date.now(),
        }));
        await producer.deliver(run.topic, records);
        share.written = (number + 10) / perKey;
        await pause(50);
      }
    } finally {
      producer.close();
    }
  }

  /** What is wrong with what readers with `read_committed` see, which is what librdkafka is; empty is good. */
  async function problemsOf(run: Run, { written } = { written: 1 }): Promise<string[]> {
    const expected = Math.round(written * perKey);
    const records = await readTopic(world.kafka.bootstrap, `${run.topic}-out`);
    const seen = Map.groupBy(records, ({ key }) => key);
    return Array.from({ length: keys }, (_, at) => `k${at}`).flatMap(key => {
      const numbers = (seen.get(key) ?? []).map(({ value }) => Number(value));
      const different = new Set(numbers);
      const problems: string[] = [];
      if (different.size < expected) problems.push(`${key}: ${expected - different.size} lost`);
      if (different.size < numbers.length) problems.push(`${key}: ${numbers.length - different.size} repeated`);
      if (numbers.some((number, place) => number < (numbers[place - 1] ?? -1))) problems.push(`${key}: out of order`);
      return problems;
    });
  }

  /** Waits until the group has read everything. Throws with what the bridge said. */
  async function allCommitted(run: Run, bridge: MkbProcess): Promise<void> {
    await until('all offsets to be committed', async () => (await lag(world, run)) === 0n, patience).catch(error => {
      throw new Error(`${error.message}\n${bridge.log()}`, { cause: error });
    });
  }

  test.each(faults.map(fault => [fault.name, fault] as const))(
    'is seen once, in the order of its key, when %s',
    async (_name, fault) => {
      const run = await world.newRun(fault.link);
      await world.kafka.createTopic(`${run.topic}-out`);
      const document = documentFor(run);
      const bridge = new MkbProcess(document, await freePort(), 0);
      const replica = new MkbProcess(document, await freePort(), 1);
      const share = { written: 0 };
      const reach = async (goal: number) => {
        await until(`${goal} of the records to be written`, () => share.written >= goal, patience);
      };
      try {
        await bridge.start();
        const writing = writeRecords(run, share);
        await Promise.all([writing, fault.run({ ...world, run, bridge, replica, reach })]);
        await allCommitted(run, bridge);
        expect(await problemsOf(run), bridge.log()).toEqual([]);
        expect(await wrongAccounts(bridge)).toEqual([]);
      } finally {
        await Promise.all([bridge.remove(), replica.remove()]);
      }
    },
    runLimitMs,
  );

  test(
    'is seen once, although a second process takes the id of the first, which ends and says why',
    async () => {
      const run = await world.newRun();
      await world.kafka.createTopic(`${run.topic}-out`);
      const document = documentFor(run);
      const first = new MkbProcess(document, await freePort(), 0);
      const second = new MkbProcess(document, await freePort(), 0);
      const share = { written: 0 };
      try {
        await first.start();
        // The first learns it by its next transaction; as long as it has nothing to write it does no harm.
        const writing = writeRecords(run, share, () => !first.running);
        await until('some records to be written', () => share.written >= 0.3, patience);
        await second.start();
        await until('the first to end', () => !first.running, patience);
        await writing;
        expect(first.log()).toContain('kafka-producer-fenced');
        await allCommitted(run, second);
        expect(await problemsOf(run, share), second.log()).toEqual([]);
        expect(second.running).toBe(true);
      } finally {
        await Promise.all([first.remove(), second.remove()]);
      }
    },
    runLimitMs,
  );
});
