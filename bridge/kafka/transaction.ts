/**
 * The transaction that a producer's records are part of (KIP-98): a reader that asks for `read_committed` sees all of them, with the offsets that
 * are committed by it, or none.
 *
 *     idle -- a record is to be sent: AddPartitionsToTxn --> open -- AddOffsetsToTxn, TxnOffsetCommit, EndTxn --> idle
 *     any of them -- doomed: no retry can end it as it should --> EndTxn (abort), InitProducerId --> idle
 *
 * There is one way out of every doubt: the transaction is aborted, if it is open, and InitProducerId gives the next epoch of our id. Nothing of
 * the old epoch is taken any more. Whether the doubtful transaction was committed before is then shown by the offsets of the group,
 * which is why records come from a source that has its place in the transaction.
 *
 * The surprising case is another bridge with the same id. Its InitProducerId fences us: each of our requests names the epoch that we had, and is
 * refused. Only a person can know which of the two is right, so this one ends. A coordinator that has waited too long for the end of a transaction
 * fences in the same way; then nobody else need have the id, and we take it again. Were there another bridge, that would fence us once more, and then
 * our transaction is young.
 */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { errorName, type Reaction, reactionTo } from '../../network/kafka/error-codes.ts';
import type { ClusterOptions } from './cluster.ts';
import { Wait } from './consumer/wait.ts';
import type { Numbers } from './identity.ts';
import type { Lane } from './lane.ts';
import type { ProducerIdentity, TransactionalIdentity } from './record-batch.ts';
import { isDenied } from './topic-error.ts';
import type { TransactionCalls } from './transaction-calls.ts';

export interface TransactionOptions {
  /** Kafka's `transactional.id`: one bridge at a time has it. */
  readonly id: string;
  /** The coordinator aborts a transaction that is open for longer. */
  readonly timeoutMs: number;
}

export interface TransactionListener {
  /** Records for more partitions may be sent. */
  admitted(): void;
  /** It will not be committed. Call `abort`. */
  doomed(error: MkbError): void;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
}

/** Offsets that a transaction commits. */
export interface TransactionOffsets {
  readonly groupId: string;
  /** TxnOffsetCommit. Returns an error code; 0 is none. Throws when there is no answer. */
  send(identity: TransactionalIdentity): Promise<number>;
}

type AdmittedLane = Pick<Lane, 'topic' | 'partition'>;
type Calls = Pick<TransactionCalls, 'begin' | 'addPartitions' | 'addOffsets' | 'end' | 'close'>;

/** An end that takes longer than this share of the time that the coordinator gives is no more waited for. */
const patience = 0.6;
/** Pauses while the coordinator ends the transaction before, milliseconds. */
const shortPause = { minDelayMs: 5, maxDelayMs: 100 };

export class Transaction implements Numbers {
  current: TransactionalIdentity | undefined;
  readonly #options: TransactionOptions;
  readonly #calls: Calls;
  readonly #retry: ClusterOptions['retry'];
  readonly #listener: TransactionListener;
  readonly #wait = new Wait();
  /** Partitions that are part of it, and those that are to be. */
  readonly #added = new Set<AdmittedLane>();
  readonly #wanted = new Set<AdmittedLane>();
  #adding = false;
  /** Why it cannot be committed; undefined while it can. */
  #doom: MkbError | undefined;
  /** When it was opened, milliseconds of performance.now(); undefined while it is not. */
  #openedAt: number | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    options: TransactionOptions,
    calls: Calls,
    retry: ClusterOptions['retry'],
    listener: TransactionListener,
  ) {
    this.#options = options;
    this.#calls = calls;
    this.#retry = retry;
    this.#listener = listener;
  }

  // --- as what numbers batches

  get ready(): boolean {
    return this.current !== undefined && this.#doom === undefined;
  }

  /** Gets the first epoch, and with it fences the process that had the id before. */
  async obtain(): Promise<void> {
    this.current ??= await this.#next(undefined);
  }

  admits(lane: AdmittedLane): boolean {
    if (!this.ready) return false;
    if (this.#added.has(lane)) return true;
    this.#wanted.add(lane);
    if (!this.#adding) void this.#addWanted();
    return false;
  }

  /** The number of a batch that was sent once and refused was not counted: Kafka looks at a batch before it counts it. */
  refused(identity: ProducerIdentity | undefined, sends: number): void {
    if (sends > 1) this.supersede(identity);
  }

  supersede(identity: ProducerIdentity | undefined): void {
    if (identity !== undefined && identity === this.current)
      this.doom(this.#aborted('a batch was sent whose number can not be used again'));
  }

  renew(identity: ProducerIdentity | undefined): void {
    if (identity !== undefined && identity === this.current)
      this.doom(this.#aborted('a broker does not take its batches any more'));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#wait.end();
    this.#calls.close();
  }

  // --- its end

  /** Commits it, with offsets. Throws why that cannot be; then `abort`. Everything that it is to hold must be written. */
  async commit(offsets: TransactionOffsets | undefined): Promise<void> {
    this.#expire();
    if (offsets) {
      await this.#retried('take offsets into a transaction', us => this.#calls.addOffsets(us, offsets.groupId));
      await this.#retried('commit offsets by a transaction', us => offsets.send(us));
    }
    await this.#retried('commit a transaction', us => this.#calls.end(us, true));
    this.#forget();
  }

  /** It will not be committed. */
  doom(error: MkbError): void {
    if (this.#doom !== undefined || this.#closed) return;
    this.#doom = error;
    this.#wait.end();
    this.#listener.doomed(error);
  }

  /** Aborts it, and gets the next epoch: nothing of before can be committed or written any more. Throws `kafka-producer-fenced`. */
  async abort(): Promise<void> {
    this.doom(this.#aborted('it is given up'));
    clearTimeout(this.#expiry);
    const us = this.current!;
    for (let failures = 0; !this.#closed; failures++) {
      try {
        const ended = await this.#end(us);
        this.current = await this.#next(ended ? us : undefined);
        return;
      } catch (error) {
        const known = asMkbError(error);
        if (known.code === 'kafka-producer-fenced') throw known;
        this.#listener.problem(known);
        await this.#wait.pause(backoffMs(failures, this.#retry.minDelayMs, this.#retry.maxDelayMs));
      }
    }
  }

  /** Aborts what is open; fine if nothing is. Returns whether we still have the id; if not, the coordinator did it, who had waited too long. */
  async #end(us: TransactionalIdentity): Promise<boolean> {
    const code = await this.#settled(() => this.#calls.end(us, false));
    if (code === 0 || code === nothingOpen || code === idForgotten) return true;
    if (isFenced(code) && this.#isOverdue) return false;
    throw this.#refusal(code, 'abort a transaction');
  }

  /** Whether it is open for longer than the coordinator waits for its end. */
  get #isOverdue(): boolean {
    return this.#openedAt !== undefined && performance.now() - this.#openedAt >= this.#options.timeoutMs;
  }

  /** After `abort`, when nothing of before is held any more: the next one may begin. */
  begin(): void {
    this.#forget();
    this.#doom = undefined;
    this.#listener.admitted();
  }

  #forget(): void {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    this.#openedAt = undefined;
    this.#added.clear();
    this.#wanted.clear();
  }

  /** It is given up before the coordinator does so, which would look as if another bridge had our id. */
  #expire(): void {
    this.#openedAt ??= performance.now();
    const waitMs = patience * this.#options.timeoutMs;
    this.#expiry ??= setTimeout(
      () => this.doom(this.#aborted(`it was not written within ${Math.round(waitMs / 1000)} s`)),
      waitMs,
    );
  }

  // --- requests

  async #addWanted(): Promise<void> {
    this.#adding = true;
    // What else is sent at this moment goes into the same request.
    await Promise.resolve();
    try {
      while (this.#wanted.size > 0) {
        const lanes = [...this.#wanted];
        this.#expire();
        await this.#retried('take partitions into a transaction', us => this.#calls.addPartitions(us, lanes));
        for (const lane of lanes) {
          this.#wanted.delete(lane);
          this.#added.add(lane);
        }
      }
    } catch {
      // It is doomed, and its owner knows.
    }
    this.#adding = false;
    if (this.ready) this.#listener.admitted();
  }

  /** Repeats a request for as long as it makes sense. Throws the doom. */
  async #retried(what: string, request: (us: TransactionalIdentity) => Promise<number>): Promise<void> {
    const us = this.current!;
    for (let failures = 0; ; failures++) {
      this.#check(us);
      const outcome = await request(us).catch(asMkbError);
      // An answer that comes later is of another transaction.
      this.#check(us);
      if (outcome === 0) return;
      const problem = typeof outcome === 'number' ? this.#judge(outcome, what) : outcome;
      if (problem) this.#listener.problem(problem);
      const { minDelayMs, maxDelayMs } = outcome === concurrent ? shortPause : this.#retry;
      if (!this.#doom) await this.#wait.pause(backoffMs(failures, minDelayMs, maxDelayMs));
    }
  }

  /** Throws if the transaction of `us` cannot be committed any more. */
  #check(us: TransactionalIdentity): void {
    if (this.#doom) throw this.#doom;
    if (this.#closed || this.current !== us) throw this.#aborted('it is over');
  }

  /** Returns what is to be reported. What does not pass is the end of it, and so is a code that nobody knows: an abort is right whatever that means. */
  #judge(code: number, what: string): MkbError | undefined {
    if (code === concurrent) return undefined;
    if (passes(code)) return this.#failure(code, what);
    this.doom(this.#aborted(`Kafka does not ${what}: ${errorName(code)}`));
    return isDenied(code) ? this.#failure(code, what) : undefined;
  }

  #failure(code: number, what: string): MkbError {
    const reason = errorName(code);
    const denied = `use the transactional id ${this.#options.id}`;
    if (isDenied(code)) return new MkbError('kafka-not-authorised', { what: denied, reason });
    return new MkbError('kafka-request-failed', { what, reason });
  }

  /** @param before the epoch that we had; undefined to take the id from the process that has it */
  async #next(before: ProducerIdentity | undefined): Promise<TransactionalIdentity> {
    const { id: transactionalId, timeoutMs } = this.#options;
    let answer: Awaited<ReturnType<Calls['begin']>> | undefined;
    const begin = (from: ProducerIdentity | undefined) =>
      this.#settled(async () => {
        answer = await this.#calls.begin(timeoutMs, from);
        return answer.errorCode;
      });
    let code = await begin(before);
    if (code === idForgotten && before) code = await begin(undefined);
    if (code !== 0) throw this.#refusal(code, 'begin transactions');
    const { producerId, producerEpoch } = answer!;
    return { transactionalId, producerId, producerEpoch };
  }

  /** Asks again for as long as the coordinator is busy with the end of the transaction before. */
  async #settled(request: () => Promise<number>): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const code = await request();
      if (code !== concurrent || this.#closed) return code;
      await this.#wait.pause(backoffMs(attempt, shortPause.minDelayMs, shortPause.maxDelayMs));
    }
  }

  #refusal(code: number, what: string): MkbError {
    if (isFenced(code)) return new MkbError('kafka-producer-fenced', { transactionalId: this.#options.id });
    return this.#failure(code, what);
  }

  #aborted(reason: string): MkbError {
    return new MkbError('kafka-transaction-aborted', { transactionalId: this.#options.id, reason });
  }
}

/** CONCURRENT_TRANSACTIONS: the coordinator is busy with the end of the transaction before. */
const concurrent = 51;
/** INVALID_PRODUCER_ID_MAPPING: it has not heard of the id for days. */
const idForgotten = 49;
/** INVALID_TXN_STATE: there is no transaction that could be aborted; the last one may have been committed. */
const nothingOpen = 48;

/** INVALID_PRODUCER_EPOCH, PRODUCER_FENCED: the epoch that we name is not the last one. */
const isFenced = (code: number): boolean => code === 47 || code === 90;

/** Codes of which the same request may hear another answer soon, beside those that ask for another broker. */
const passing: ReadonlySet<number> = new Set([
  7, // REQUEST_TIMED_OUT
  8, // BROKER_NOT_AVAILABLE
  19, // NOT_ENOUGH_REPLICAS
  20, // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  27, // REBALANCE_IN_PROGRESS: the group says soon whether the partitions are ours still
  concurrent,
  55, // OPERATION_NOT_ATTEMPTED
  89, // THROTTLING_QUOTA_EXCEEDED
]);
const elsewhere: ReadonlySet<Reaction> = new Set<Reaction>(['refresh', 'coordinator', 'reconnect']);

const passes = (code: number): boolean => passing.has(code) || elsewhere.has(reactionTo(code));
