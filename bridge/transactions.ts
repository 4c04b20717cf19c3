/**
 * Exactly once into Kafka (`delivery.guarantee: exactlyOnce`): records and how far their sources are are committed together: offsets of Kafka, and
 * what a session has received by QoS 2 of MQTT.
 *
 * A transaction ends every `commitInterval`, and earlier when a source may have no more in flight. Then sources are held until all that they
 * handed over is written, so that their progress says no more and no less than what the transaction holds. Only after the commit are messages
 * settled.
 *
 * Whatever goes wrong, there is one answer: the messages are withdrawn, as if another member of the group had them, the transaction is aborted, and
 * sources begin again at what is committed. That is also what shows how a commit ended whose answer was lost.
 */
import { asMkbError } from '../api/errors/as-mkb-error.ts';
import { MkbError } from '../api/errors.ts';
import { backoffMs } from '../network/backoff.ts';
import type { Pipeline } from './flow/pipeline.ts';
import { Wait } from './kafka/consumer/wait.ts';
import type { KafkaSink } from './sinks/kafka.ts';
import type { Transacted } from './transacted.ts';

export interface TransactionsOptions {
  /** The transactional id. */
  readonly id: string;
  readonly intervalMs: number;
}

export interface TransactionsParts {
  readonly sources: readonly Transacted[];
  readonly sink: Pick<KafkaSink, 'written' | 'keeping' | 'commit' | 'committed' | 'abort' | 'sendNow'>;
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
    this.doomed(new MkbError('kafka-transaction-aborted', { transactionalId: this.#options.id, reason }));
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
    const { pipeline, sink } = this.#parts;
    return sink.keeping === 0 && pipeline.pending === sink.written;
  }

  async #commit(): Promise<void> {
    const { sources, sink } = this.#parts;
    for (const source of sources) source.hold();
    let changed = false;
    for (const source of sources) if (source.writeProgress?.()) changed = true;
    sink.sendNow();
    await this.#untilWritten();
    if (this.#doom || this.#closed) return;
    const [offsets] = sources.flatMap(source => source.offsets?.() ?? []);
    const begun = changed || offsets !== undefined || sink.written > 0;
    try {
      if (begun) await sink.commit(offsets);
    } catch (error) {
      this.#doom ??= asMkbError(error);
    }
    // What was withdrawn meanwhile may be committed or not: an abort finds out.
    if (this.#doom) return;
    if (begun) this.ended.committed++;
    // First, so that a source that acknowledges what `sink.committed` settles has kept what it must.
    for (const source of sources) source.committed();
    sink.committed();
    for (const source of sources) source.goOn();
  }

  async #untilWritten(): Promise<void> {
    if (this.#doom || this.#isWritten) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#look = resolve;
    await promise;
    this.#look = undefined;
  }

  async #abort(failures: number): Promise<void> {
    const { sources, sink, problem } = this.#parts;
    problem(this.#doom!);
    for (const source of sources) source.hold();
    for (const source of sources) source.forget();
    await sink.abort();
    this.ended.aborted++;
    if (failures > 0) await this.#wait.pause(backoffMs(failures, minPauseMs, longestPauseMs));
    this.#doom = undefined;
    for (const source of sources) await source.readAgain();
    for (const source of sources) source.goOn();
  }
}
