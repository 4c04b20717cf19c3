// A replay that was killed began again from the start or nowhere: letters arrived twice without end, or never, and nobody knew how many.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Kafka } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { long } from '../faults/faults.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { mkb, type Outcome, startMkb } from './mkb-process.ts';

const all = long ? 100_000 : 6000;
/** Of every ten, so many are of the rule `states`. */
const ofStates = 4;
const isOfStates = (number: number): boolean => number % 10 < ofStates;
const states = (all * ofStates) / 10;
/** What no run should need more of, beside Node's own: the topic has 60 MB with 100,000 letters. */
const mostMemory = 400 * 1024 * 1024;

describeReal('kafka')('a replay on a real Kafka', () => {
  const folder = temporaryFolder('dead-letters-replay');
  const file = join(folder, 'bridge.yaml');
  let kafka: RunningKafka;

  beforeAll(async () => {
    kafka = await startKafka({
      config: { 'offsets.topic.num.partitions': '1', 'group.initial.rebalance.delay.ms': '0' },
    });
    for (const topic of ['positions', 'states', 'positions-copy']) await kafka.createTopic(topic, { partitions: 1 });
    await kafka.createTopic('dead', { partitions: 2 });
    // As the rules were corrected after these letters were written.
    const document = {
      ...{ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'cars' } },
      spec: {
        mqtt: { url: 'mqtt://localhost:1' },
        kafka: { bootstrapServers: [kafka.bootstrap] },
        delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
        rules: [
          {
            name: 'positions',
            sql: 'SELECT payload FROM "cars/#"',
            sinks: [{ kafka: { topic: 'positions' } }, { kafka: { topic: 'positions-copy' } }],
          },
          { name: 'states', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'states' } }] },
        ],
      },
    };
    writeFileSync(file, JSON.stringify(document));
    await writeLetters(kafka.client());
  });
  afterAll(async () => {
    await kafka?.stop();
    removeFolder(folder);
  });

  test('that is killed, and run again, brings every letter to the sink that failed, and counts each once', async () => {
    // So slow that it is far from its end when it is killed.
    const killed = startMkb(['dead-letters', 'replay', file, '--rule', 'positions', '--rate', '50']);
    killed.stdout!.resume();
    killed.stderr!.resume();
    const ended = once(killed, 'exit');
    await until('offsets that the group remembers', async () => (await doneIn(kafka.client())) > 0);
    killed.kill('SIGKILL');
    await ended;
    const before = await doneIn(kafka.client());
    expect(before).toBeLessThan(all - states);

    const { code, stdout, stderr, memory } = await measured([
      ...['dead-letters', 'replay', file, '--rule', 'positions', '--json'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(memory).toBeLessThan(mostMemory);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ left: 0, error: null });
    // Not as many, if what the killed one committed last reached Kafka after its end.
    expect(report.outcomes.delivered).toBeLessThanOrEqual(all - states - before);
    expect(await doneIn(kafka.client())).toBe(all - states);
    const arrived = await numbersIn(kafka.client(), 'positions');
    expect(new Set(arrived).size).toBe(all - states);
    expect(arrived.some(isOfStates)).toBe(false);
    expect(await numbersIn(kafka.client(), 'positions-copy')).toEqual([]);
  });

  test('leaves the letters of other rules open, until they are dropped or replayed', async () => {
    const summary = async () => {
      const { code, stdout, stderr } = await mkb(['dead-letters', 'list', file, '--summary', '--json']);
      expect([code, stderr]).toEqual([0, '']);
      return JSON.parse(stdout);
    };
    expect(await summary()).toMatchObject([{ rule: 'states', letters: states }]);
    const asked = await mkb(['dead-letters', 'drop', file, '--limit', '100']);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('Drop 100 open letters of dead?')]);
    const dropped = await mkb(['dead-letters', 'drop', file, '--limit', '100', '--yes']);
    expect([dropped.code, dropped.stdout]).toEqual([0, 'Dropped 100 letters.\n']);
    const replayed = await mkb(['dead-letters', 'replay', file]);
    expect([replayed.code, replayed.stdout]).toEqual([
      0,
      `Replayed ${states - 100} letters: ${states - 100} delivered.\n`,
    ]);
    expect(await summary()).toEqual([]);
    expect(new Set(await numbersIn(kafka.client(), 'states')).size).toBe(states - 100);
    const { stdout } = await mkb(['dead-letters', 'list', file, '--all', '--summary', '--json']);
    expect(JSON.parse(stdout).map(({ letters }: { letters: number }) => letters)).toEqual([all - states, states]);
  });
});

test.each<[what: string, args: string[], code: number, stderr: string]>([
  ['a rule that is mistyped', ['--rule', 'position'], 2, 'did you mean "positions"?'],
  ['a destination that is no topic', ['--to', 'a/b'], 2, 'For an MQTT topic write mqtt: before it'],
  ['no rounds at all', ['--max-rounds', '0'], 2, 'Write a whole number from 1'],
])('%s is refused with what to write', async (_what, args, code, stderr) => {
  const kafka = await startEmbeddedKafka({ topics: [{ name: 'dead', partitions: 1 }] });
  const folder = temporaryFolder('dead-letters-refused');
  const file = join(folder, 'bridge.yaml');
  const document = {
    ...{ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'cars' } },
    spec: {
      mqtt: { url: 'mqtt://localhost:1' },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
      rules: [{ name: 'positions', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'positions' } }] }],
    },
  };
  writeFileSync(file, JSON.stringify(document));
  const outcome = await mkb(['dead-letters', 'replay', file, ...args]);
  await kafka.stop();
  removeFolder(folder);
  expect([outcome.code, outcome.stdout]).toEqual([code, '']);
  expect(outcome.stderr).toContain(stderr);
});

/** Numbered; those of `positions` failed in the first of its two sinks, in turn with others of `states`. */
async function writeLetters(client: Kafka): Promise<void> {
  const producer = client.producer();
  await producer.connect();
  for (let from = 0; from < all; from += 1000) {
    const messages = Array.from({ length: 1000 }, (_, at) => letterOf(from + at));
    await producer.send({ topic: 'dead', messages });
  }
  await producer.disconnect();
}

const letterOf = (number: number) => ({
  partition: number % 2,
  value: JSON.stringify({ number, filler: 'x'.repeat(500) }),
  headers: {
    ...{ 'mkb.error.code': 'kafka-message-too-large', 'mkb.error.message': 'it failed', 'mkb.sink': 'sinks[0].kafka' },
    ...{ 'mkb.rule': isOfStates(number) ? 'states' : 'positions', 'mqtt.topic': 'cars/1', 'mqtt.qos': '1' },
  },
});

/** Runs it to its end, and looks how much memory it has meanwhile. */
async function measured(args: readonly string[]): Promise<Outcome & { readonly memory: number }> {
  const child = startMkb(args);
  let memory = 0;
  const timer = setInterval(() => {
    memory = Math.max(memory, memoryOf(child.pid!));
  }, 50);
  const ended = once(child, 'close');
  child.stdin!.end();
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [code] = await ended;
  clearInterval(timer);
  return { code, stdout, stderr, memory };
}

/** Resident, bytes; 0 when it has ended. */
function memoryOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** How many letters the group knows to be replayed. */
async function doneIn(client: Kafka): Promise<number> {
  const admin = client.admin();
  await admin.connect();
  const [dead] = await admin.fetchOffsets({ groupId: 'cars-dead-letters', topics: ['dead'] });
  await admin.disconnect();
  return dead!.partitions.reduce((sum, { metadata }) => sum + (metadata ? JSON.parse(metadata).replayed : 0), 0);
}

/** The numbers of all records of a topic. */
async function numbersIn(client: Kafka, topic: string): Promise<number[]> {
  const admin = client.admin();
  await admin.connect();
  const [end] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const found: number[] = [];
  if (end!.high === '0') return found;
  const consumer = client.consumer({ groupId: `read-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ message }) => {
      found.push(JSON.parse(message.value!.toString()).number);
      if (Number(message.offset) === Number(end!.high) - 1) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return found;
}
