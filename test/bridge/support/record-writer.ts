import { Kafka, logLevel } from 'kafkajs';

/** Writes records with another client than ours, and returns when Kafka has them. */
export async function recordWriter(
  bootstrap: string,
  topic: string,
  messages: readonly {
    readonly key?: string;
    readonly value: string | null;
    readonly partition?: number;
    readonly timestamp?: string;
    readonly headers?: Record<string, string>;
  }[],
): Promise<void> {
  const retry = { retries: 60, maxRetryTime: 1000 };
  const client = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry });
  const producer = client.producer();
  await producer.connect();
  await producer.send({ topic, messages: [...messages] });
  await producer.disconnect();
}
