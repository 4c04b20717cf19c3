// What a broker in memory cannot show: compressed batches, transactions that were aborted, and gaps that their markers leave in the offsets.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompressionTypes } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { describeReal } from '../real/require.ts';
import { mkb } from './mkb-process.ts';

const letters = 3000;
const letterOf = (number: number | string) => ({
  key: `k${number}`,
  value: JSON.stringify({ number, filler: 'x'.repeat(500) }),
  headers: { 'mkb.error.code': 'rule-failed', 'mkb.rule': 'r', 'mqtt.topic': `cars/${number}` },
});

describeReal('kafka')('dead letters in a real Kafka', () => {
  const folder = temporaryFolder('dead-letters-real');
  const file = join(folder, 'bridge.yaml');
  let kafka: RunningKafka;

  beforeAll(async () => {
    const one = { 'offsets.topic.num.partitions': '1', 'transaction.state.log.num.partitions': '1' };
    kafka = await startKafka({ config: one });
    await kafka.createTopic('dead', { partitions: 3 });
    const document = {
      ...{ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'cars' } },
      spec: {
        mqtt: { url: 'mqtt://localhost:1' },
        kafka: { bootstrapServers: [kafka.bootstrap] },
        delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
        rules: [{ name: 'r', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'cars' } }] }],
      },
    };
    writeFileSync(file, JSON.stringify(document));
    const producer = kafka.client().producer({ transactionalId: 't', idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (let from = 0; from < letters; from += 500) {
      const messages = Array.from({ length: 500 }, (_, at) => letterOf(from + at));
      const committed = await producer.transaction();
      await committed.send({ topic: 'dead', compression: CompressionTypes.GZIP, messages });
      await committed.commit();
      const aborted = await producer.transaction();
      await aborted.send({ topic: 'dead', messages: [0, 1, 2].map(partition => ({ ...letterOf('no'), partition })) });
      await aborted.abort();
    }
    await producer.disconnect();
  });
  afterAll(async () => {
    await kafka?.stop();
    removeFolder(folder);
  });

  test('each is listed once, none that was not committed, and each is found where the list says', async () => {
    const { code, stdout, stderr } = await mkb(['dead-letters', 'list', file, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const found = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    const numbers = found.map(({ value }) => JSON.parse(value).number);
    expect(numbers.toSorted((left, right) => left - right)).toEqual(Array.from({ length: letters }, (_, at) => at));
    const last = found.at(-1);
    const shown = await mkb(['dead-letters', 'show', file, `${last.partition}:${last.offset}`, '--json']);
    expect(JSON.parse(shown.stdout)).toEqual(last);
  });

  test('a marker of a transaction is no letter', async () => {
    const { stdout } = await mkb(['dead-letters', 'list', file, '--json']);
    const of0 = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
      .flatMap(({ partition, offset }) => (partition === 0 ? [Number(offset)] : []));
    const gap = of0.find((offset, at) => of0[at + 1] !== undefined && of0[at + 1] !== offset + 1)! + 1;
    const { code, stderr } = await mkb(['dead-letters', 'show', file, `0:${gap}`]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('[dead-letter-missing]')]);
  });
});
