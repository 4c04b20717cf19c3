import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { readNumbered } from '../../bridge/verify/numbered-message.ts';
import type { Arrival, Ledger } from '../../bridge/verify/verdict.ts';

/**
 * Reads a topic from its beginning with kafkajs until all that was acknowledged has arrived and the end is reached, or until nothing
 * new has come for `patienceMs`: then what is missing counts as lost. A copy is not news: a bridge may make copies for ever.
 */
export async function readBack(
  kafka: Kafka,
  topic: string,
  ledgers: readonly Ledger[],
  patienceMs: number,
): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  const outstanding = new Set(
    ledgers.flatMap(({ client, acknowledged }) => [...acknowledged].map(id => `${client} ${id}`)),
  );
  const positions = new Map<number, number>();
  let lastNews = performance.now();

  const consumer = kafka.consumer({
    groupId: `read-back-${randomUUID()}`,
    maxWaitTimeInMs: 200,
    allowAutoTopicCreation: false,
    retry: { retries: 20, maxRetryTime: 1000 },
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const { key, value, offset } of messages) {
          const message = value ? readNumbered(value) : undefined;
          arrivals.push({
            partition,
            offset: Number(offset),
            key: key?.toString(),
            client: message?.client,
            number: message?.number,
          });
          if (outstanding.delete(`${message?.client} ${message?.number}`)) lastNews = performance.now();
          positions.set(partition, Number(offset) + 1);
        }
      },
    });
    await joined;
    // Not the time that a group takes to come together.
    lastNews = performance.now();
    while (performance.now() - lastNews < patienceMs) {
      if (outstanding.size === 0 && (await atEnd(kafka, topic, positions))) break;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  } finally {
    await consumer.disconnect();
  }
  return arrivals;
}

/** Whether everything up to the newest record has been read. */
async function atEnd(kafka: Kafka, topic: string, positions: ReadonlyMap<number, number>): Promise<boolean> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.every(({ partition, high }) => Number(high) <= (positions.get(partition) ?? 0));
  } finally {
    await admin.disconnect();
  }
}
