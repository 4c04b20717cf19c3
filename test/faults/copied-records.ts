/** Records that a bridge copies from Kafka to Kafka, exactly once, while a fault is done; and what readers with `read_committed` see of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { producerFor, readTopic } from '../bridge/kafka/support/producing.ts';
import { freePort } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { long } from './faults.ts';
import { lag, wrongAccounts } from './record-run.ts';
import type { Run, World } from './world.ts';

export const patience = { timeoutMs: 120_000 };
const keys = 8;
const perKey = long ? 10_000 : 500;

/** Carries a run's topic to another. The client id is the transactional id. */
export const documentFor = ({ topic, deadTopic, bootstrap }: Run, commitInterval = '50ms'): object => ({
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

export interface CopyScene extends World {
  readonly run: Run;
  readonly bridge: MkbProcess;
  /** Another replica, which does not run. */
  readonly replica: MkbProcess;
  /** Waits until this share of all records is written to the bridge's topic. */
  reach(share: number): Promise<void>;
}

export interface CopyFault {
  readonly name: string;
  readonly link?: 'kafka proxy';
  run(scene: CopyScene): Promise<void>;
}

/** Writes numbered records in pieces, at least `perKey` of each key. @param enough whether it may end then */
export async function writeRecords(
  world: World,
  run: Run,
  share: { written: number },
  enough = () => true,
): Promise<void> {
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
export async function problemsOf(world: World, run: Run, { written } = { written: 1 }): Promise<string[]> {
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
export async function allCommitted(world: World, run: Run, bridge: MkbProcess): Promise<void> {
  await until('all offsets to be committed', async () => (await lag(world, run)) === 0n, patience).catch(error => {
    throw new Error(`${error.message}\n${bridge.log()}`, { cause: error });
  });
}

/** Copies records while a fault is done. */
export async function copyUnder(world: World, fault: CopyFault): Promise<void> {
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
    const writing = writeRecords(world, run, share);
    await Promise.all([writing, fault.run({ ...world, run, bridge, replica, reach })]);
    await allCommitted(world, run, bridge);
    expect(await problemsOf(world, run), bridge.log()).toEqual([]);
    expect(await wrongAccounts(bridge)).toEqual([]);
  } finally {
    await Promise.all([bridge.remove(), replica.remove()]);
  }
}
