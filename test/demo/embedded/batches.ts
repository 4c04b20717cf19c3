/** Record batches for tests, made by the client library. */
import { createRecordsBatch } from '@platformatic/kafka';

export interface BatchOptions {
  /** One record each. */
  readonly values?: readonly string[];
  readonly key?: string;
  readonly timestamp?: number;
  readonly producerId?: number;
  readonly epoch?: number;
  readonly sequence?: number;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
}

export function makeBatch(options: BatchOptions = {}): Buffer {
  const { values = ['value'], timestamp = 1_000, producerId = -1, epoch = -1, sequence = -1 } = options;
  const messages = values.map(value => ({
    topic: 'events',
    partition: 0,
    key: options.key === undefined ? undefined : Buffer.from(options.key),
    value: Buffer.from(value),
    headers: new Map([[Buffer.from('from'), Buffer.from('a test')]]),
    timestamp: BigInt(timestamp),
  }));
  const batch = createRecordsBatch(messages, {
    compression: options.compression ?? 'none',
    producerId: BigInt(producerId),
    producerEpoch: epoch,
    // It looks for the sequence number in a map of its own kind; a map that has every key says what this test wants.
    sequences: { getWithDefault: () => sequence } as never,
  });
  return batch.buffer;
}

/** A batch of an idempotent producer, in its first epoch unless told. */
export const idempotent = (sequence: number, count = 1, { producerId = 7, epoch = 0 } = {}): Buffer =>
  makeBatch({ values: Array.from({ length: count }, (_, i) => `${sequence + i}`), producerId, epoch, sequence });
