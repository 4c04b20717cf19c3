/** Numbers that are in Kafka, by their keys. */
import type { RunningKafka } from '../real/kafka.ts';
import { until } from '../real/until.ts';

/** Numbers of the topic `out` by key, each where it came first, read until all that were acknowledged have come, or nothing comes any more. */
export async function readFirst(kafka: RunningKafka, wanted: Readonly<Record<string, ReadonlySet<number>>>) {
  const found = new Map<string, number[]>();
  const seen = new Set<string>();
  const consumer = kafka.client().consumer({ groupId: `read-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic: 'out', fromBeginning: true });
  let reached = 0;
  await consumer.run({
    eachMessage: async ({ message: { key, value } }) => {
      const id = key!.toString();
      const number = Number(value);
      if (seen.has(`${id} ${number}`)) return;
      seen.add(`${id} ${number}`);
      push(found, id, number);
      if (wanted[id]?.has(number)) reached++;
    },
  });
  const total = Object.values(wanted).reduce((sum, { size }) => sum + size, 0);
  await until('all that was acknowledged', () => reached === total);
  await consumer.disconnect();
  return found;
}

/** All numbers of a topic by key, as they lie there. */
export async function readAll(kafka: RunningKafka, topic: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const admin = kafka.client().admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const left = new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
  const found = new Map<string, number[]>();
  const consumer = kafka.client().consumer({ groupId: `read-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message: { key, value, offset } }) => {
      push(found, key!.toString(), Number(value));
      if (Number(offset) + 1 >= left.get(partition)!) left.set(partition, 0);
    },
  });
  await until('the end of the topic', () => [...left.values()].every(end => end === 0));
  await consumer.disconnect();
  return found;
}

function push(found: Map<string, number[]>, id: string, number: number): void {
  const numbers = found.get(id) ?? [];
  numbers.push(number);
  found.set(id, numbers);
}
