/**
 * Exactly once from Kafka to Kafka: records and the offsets that they were made of are committed together (`delivery.guarantee: exactlyOnce`).
 *
 * A transaction ends every `commitInterval`, and earlier when the source may have no more in flight. Then the source is held until all that it
 * handed over is written, so that its offsets say no more and no less than what the transaction holds. Only after the commit are messages settled.
 *
 * Whatever goes wrong, there is one answer: the messages are withdrawn, as if another member of the group had them, the transaction is aborted, and
 * the source begins again at what is committed. That is also what tells how a commit ended whose answer was lost.
 */
import { asMkbError } from '../api/errors/as-mkb-error.ts';
import { MkbError } from '../api/errors.ts';
import { backoffMs } from '../network/backoff.ts';
import type { Pipeline } from './flow/pipeline.ts';
import { Wait } from './kafka/consumer/wait.ts';
import type { TransactionalIdentity } from './kafka/record-batch.ts';
import type { KafkaSink } from './sinks/kafka.ts';
import type { KafkaSource } from './sources/kafka.ts';

export interface TransactionsOptions {
  readonly groupId: string;
  readonly intervalMs: number;
}

export interface TransactionsParts {
  readonly source: Pick<KafkaSource, 'hold' | 'goOn' | 'read' | 'commitIn' | 'forget' | 'readAgain'>;
  readonly sink: Pick<KafkaSink, 'written' | 'commit' | 'committed' | 'abort' | 'sendNow'>;
  readonly pipeline: Pick<Pipeline, 'pending'>;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
  /** Another process has our id. */
  stopped(error: MkbError): void;
}

/** Pauses after transactions that were aborted one after the other, milliseconds. */
const minPauseMs = 50;
const longestPauseMs = 5000;

export class Transactions {
  /** Transactions by how they ended. */
  readonly ended = { committed: 0, aborted: 0 };
  readonly #options: TransactionsOptions;
  readonly #parts: TransactionsParts;
  readonly #wait = new Wait();
  /** Why the transaction cannot be committed; undefined while it can. */
  #doom: MkbError | undefined;
  /** Called when everything may be written, or the transaction is doomed. */
  #look: (() => void) | undefined;
  #hurried = false;
  #closed = false;

  constructor(options: TransactionsOptions, parts: TransactionsParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Commits from now on, until `close`. */
  async run(): Promise<void> {
    for (let failures = 0; !this.#closed; ) {
      if (!(this.#doom || this.#hurried)) await this.#wait.pause(this.#options.intervalMs);
      this.#hurried = false;
      if (this.#closed) return;
      try {
        if (!this.#doom) await this.#commit();
        if (!this.#doom) failures = 0;
        else await this.#abort(failures++);
      } catch (error) {
        if (this.#closed) return;
        this.#parts.stopped(asMkbError(error));
        return;
      }
    }
  }

  /** The source cannot go on before a commit. */
  hurry(): void {
    this.#hurried = true;
    this.#wait.end();
  }

  /** The transaction cannot be committed. */
  doomed(error: MkbError): void {
    this.#doom ??= error;
    this.#look?.();
    this.#wait.end();
  }

  /** Messages that its records were made of are someone else's now. */
  withdrawn(): void {
    const reason = 'the group gave partitions to others before their records were committed';
    this.doomed(new MkbError('kafka-transaction-aborted', { transactionalId: this.#options.groupId, reason }));
  }

  /** Something was settled or written. */
  settled(): void {
    if (this.#look !== undefined && this.#isWritten) this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#look?.();
    this.#wait.end();
  }

  /** Whether all that is in flight is records that Kafka has. */
  get #isWritten(): boolean {
    return this.#parts.pipeline.pending === this.#parts.sink.written;
  }

  async #commit(): Promise<void> {
    const { source, sink } = this.#parts;
    source.hold();
    sink.sendNow();
    await this.#untilWritten();
    const read = source.read();
    if (this.#doom || this.#closed) return;
    try {
      const { groupId } = this.#options;
      const offsets = { groupId, send: (id: TransactionalIdentity) => source.commitIn(id, read) };
      if (read.length > 0) await sink.commit(offsets);
      else if (sink.written > 0) await sink.commit();
    } catch (error) {
      this.#doom ??= asMkbError(error);
    }
    // What was withdrawn meanwhile may be committed or not: an abort finds out.
    if (this.#doom) return;
    if (read.length > 0 || sink.written > 0) this.ended.committed++;
    for (const { offsets, offset } of read) offsets.committed = offset;
    sink.committed();
    source.goOn();
  }

  async #untilWritten(): Promise<void> {
    if (this.#doom || this.#isWritten) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#look = resolve;
    await promise;
    this.#look = undefined;
  }

  async #abort(failures: number): Promise<void> {
    const { source, sink, problem } = this.#parts;
    problem(this.#doom!);
    source.hold();
    source.forget();
    await sink.abort();
    this.ended.aborted++;
    if (failures > 0) await this.#wait.pause(backoffMs(failures, minPauseMs, longestPauseMs));
    this.#doom = undefined;
    source.readAgain();
    source.goOn();
  }
}
