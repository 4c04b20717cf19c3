/** What a producer is told, and what it tells. */
import type { MkbError } from '../../api/errors.ts';
import type { Retry } from '../../network/retry.ts';
import type { ClusterOptions } from './cluster.ts';
import type { Compression } from './compression.ts';
import type { ProducerRecord } from './record.ts';
import type { TopicDefaults } from './topic-maker.ts';
import type { TransactionOptions } from './transaction.ts';

/** What is read whenever it is needed, so that it may change while a producer works. */
export interface ProducerTuning {
  readonly compression: Compression;
  /** How long a batch waits for more records, milliseconds. */
  readonly lingerMs: number;
  /** The shortest age at which `retryOf` gives a record up, milliseconds; undefined where none has a limit of any kind. */
  readonly shortestAgeMs?: number | undefined;
}

export interface ProducerOptions extends ProducerTuning {
  readonly cluster: ClusterOptions;
  readonly acks: 'all' | 'leader' | 'none';
  /** Whether batches carry sequence numbers, so that a repeated attempt cannot write twice. Needs acks all. */
  readonly idempotent: boolean;
  /** A batch is sent when it has this many bytes before compression. A larger record goes alone. */
  readonly batchBytes: number;
  /** No request has more bytes of batches, after compression. A record that is larger by itself fails. */
  readonly maxRequestBytes: number;
  /** What requests of several batches may grow to while the broker takes them; at least `maxRequestBytes`. */
  readonly maxGrownBytes: number;
  /** Above this many bytes in batches `full` becomes true. */
  readonly maxBytes: number;
  /** Where records go that failed: what waits for this topic never fails for its age. */
  readonly deadLetterTopic?: string | undefined;
  /** What topics are made with that templates name and that are missing; without it they are not made. */
  readonly topicDefaults?: TopicDefaults | undefined;
  /** Records are part of transactions. Needs `idempotent`, and an owner that commits them. */
  readonly transaction?: TransactionOptions | undefined;
  readonly now?: () => number;
}

export interface ProducerHandler {
  /** Kafka has these records (with acks none: they were sent). */
  delivered(tokens: readonly number[]): void;
  /** This record will never be delivered. Its bytes are valid during the call. */
  failed(token: number, record: ProducerRecord, error: MkbError): void;
  /** How long a record is retried; undefined is for ever, with the usual pauses. */
  retryOf?(token: number): Retry | undefined;
  /** When its message was received, milliseconds of the producer's time; without it, when the record was appended. */
  receivedAt?(token: number): number;
  /** All records of one answer have been told. */
  settled(): void;
  /** A connection to a broker came up, broke, or failed to come up. */
  linkChanged?(): void;
  /** The transaction will not be committed. Call `Producer.abort`. */
  doomed?(error: MkbError): void;
  /** Something failed that is retried by itself. */
  problem(error: MkbError): void;
}

/** In words that follow "is larger than". */
export const requestLimit = (maxRequestBytes: number): string =>
  `kafka.producer.maxRequestBytes, which is ${maxRequestBytes}`;
