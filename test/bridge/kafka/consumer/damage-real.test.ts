import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningKafka, startKafka } from '../../../real/kafka.ts';
import { describeReal } from '../../../real/require.ts';
import { until } from '../../../real/until.ts';
import { recordWriter } from '../../support/record-writer.ts';
import { startConsumer } from './support/consuming.ts';

describeReal('kafka')('a bit that flipped on the disk of a broker', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
  });
  afterAll(() => kafka?.stop());

  /** Three batches of a record each, the second damaged where the leader keeps it. Returns a function that repairs it. */
  async function damagedTopic(topic: string, replicas: number): Promise<() => void> {
    await kafka.createTopic(topic, { partitions: 1, replicas });
    for (const value of ['one', 'two', 'three']) await recordWriter(kafka.bootstrap, topic, [{ value }]);
    const segment = join(await leadersData(topic), `${topic}-0`, '00000000000000000000.log');
    const at = readFileSync(segment).indexOf('two');
    const flip = (): void => {
      const bytes = readFileSync(segment);
      bytes[at]! ^= 1;
      writeFileSync(segment, bytes, { flag: 'r+' });
    };
    flip();
    return flip;
  }

  async function leadersData(topic: string): Promise<string> {
    const admin = kafka.client().admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    await admin.disconnect();
    const { leader } = topics[0]!.partitions[0]!;
    return kafka.brokers.find(({ id }) => id === leader)!.data;
  }

  const whole = ['one@0', 'two@1', 'three@2'];

  // It was published as it was, and committed.
  test('is never published: a replica that has the batch whole is read', async () => {
    await damagedTopic('replicated', 3);
    const { consumer, handed, problems } = await startConsumer(kafka.bootstrap, 'replicated');
    await until('all records', () => handed.length === whole.length);
    expect(handed).toEqual(whole);
    expect(problems.map(({ code }) => code)).toContain('kafka-batch-damaged');
    await consumer.stop(1000);
  });

  test('holds the partition at the batch before while no replica has it, until the disk is right again', async () => {
    const repair = await damagedTopic('alone', 1);
    const { consumer, handed, problems } = await startConsumer(kafka.bootstrap, 'alone');
    await until('reports', () => problems.filter(({ code }) => code === 'kafka-batch-damaged').length >= 3);
    expect(handed).toEqual(whole.slice(0, 1));
    await until('what may be committed', () => consumer.partitions[0]!.offsets!.committed === 1n);
    repair();
    await until('all records', () => handed.length === whole.length);
    expect(handed).toEqual(whole);
    await consumer.stop(1000);
  });
});
