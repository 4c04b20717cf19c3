/**
 * The producer id that batches carry so that a broker can recognise a repeated one (KIP-98).
 *
 * An id is good until a broker does not recognise it or our count of its batches. Then `renew` gives it up at once and asks for another,
 * with backoff, for as long as it takes; meanwhile only batches that already have a number may be sent.
 *
 * `supersede` is for a number that we do not want to use although the broker may have counted it: the next epoch of the same id begins at
 * once. Kafka takes a higher epoch that begins at 0 from a producer without transactions, as from its own Java client (KIP-360). It costs no
 * request, and brokers need not remember one more id for a day, however many batches are refused.
 */
import { initProducerIdV2 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Cluster } from './cluster.ts';
import type { Lane } from './lane.ts';
import type { ProducerIdentity } from './record-batch.ts';
import { isDenied } from './topic-error.ts';

/** Gets a new id with epoch 0. Throws `kafka-request-failed`, or `kafka-not-authorised`. */
export type IdentitySource = () => Promise<ProducerIdentity>;

/** Where batches get their numbers from: an id of no transaction, or a transaction (transaction.ts). */
export interface Numbers {
  /** The id for new batches; undefined while there is none, and always without idempotence. */
  readonly current: ProducerIdentity | undefined;
  /** Whether a batch may be numbered now. */
  readonly ready: boolean;
  /** Gets the first id. Throws why there is none. */
  obtain(): Promise<void>;
  /** Whether a batch for this partition may be sent now. If not, the producer hears when it may. */
  admits(lane: Pick<Lane, 'topic' | 'partition'>): boolean;
  /** Batches to come are not numbered with `identity`. Nothing happens if it is not the current one. */
  supersede(identity: ProducerIdentity | undefined): void;
  /** As `supersede`, for a number whose batch was refused after it was sent so many times. */
  refused(identity: ProducerIdentity | undefined, sends: number): void;
  /** Gives `identity` up, if it is the current one, and sees to it that there will be another. */
  renew(identity: ProducerIdentity | undefined): void;
  close(): void;
}

interface IdentityListener {
  /** There is an id again. */
  renewed(): void;
  /** Asking for one failed; it is asked for again. */
  problem(error: MkbError): void;
}

/** An epoch is an INT16. */
const lastEpoch = 32_767;

export class Identity implements Numbers {
  /** The id for new batches; undefined while there is none, and always without idempotence. */
  current: ProducerIdentity | undefined;
  readonly #idempotent: boolean;
  readonly #source: IdentitySource;
  readonly #retry: { readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly #listener: IdentityListener;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    idempotent: boolean,
    source: IdentitySource,
    retry: { readonly minDelayMs: number; readonly maxDelayMs: number },
    listener: IdentityListener,
  ) {
    this.#idempotent = idempotent;
    this.#source = source;
    this.#retry = retry;
    this.#listener = listener;
  }

  /** Whether a batch may be numbered now. */
  get ready(): boolean {
    return !this.#idempotent || this.current !== undefined;
  }

  /** Gets the first id. Throws as its source does. */
  async obtain(): Promise<void> {
    if (!this.ready) this.current = await this.#source();
  }

  admits(): boolean {
    return true;
  }

  refused(identity: ProducerIdentity | undefined): void {
    this.supersede(identity);
  }

  /** Batches to come are not numbered with `identity`. Nothing happens if it is not the current one. */
  supersede(identity: ProducerIdentity | undefined): void {
    if (identity === undefined || identity !== this.current) return;
    const { producerId, producerEpoch } = identity;
    if (producerEpoch < lastEpoch) this.current = { producerId, producerEpoch: producerEpoch + 1 };
    else this.renew(identity);
  }

  /** Gives `identity` up, if it is the current one, and sees to it that there will be another. */
  renew(identity: ProducerIdentity | undefined): void {
    if (identity === undefined || identity !== this.current) return;
    this.current = undefined;
    this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #ask(): void {
    this.#source().then(
      identity => {
        this.#failures = 0;
        this.current = identity;
        this.#listener.renewed();
      },
      error => {
        if (this.#closed) return;
        this.#listener.problem(error);
        const { minDelayMs, maxDelayMs } = this.#retry;
        this.#timer = setTimeout(() => this.#ask(), backoffMs(this.#failures++, minDelayMs, maxDelayMs));
      },
    );
  }
}

/** No transaction, which would have a time to live. */
const noTransaction = null;
const transactionTimeoutMs = 60_000;

/** The ids that a cluster gives. */
export const identitiesOf =
  (cluster: Cluster): IdentitySource =>
  async () => {
    const what = 'give a producer id';
    const { api } = initProducerIdV2;
    const { errorCode, producerId, producerEpoch } = await cluster.ask(what, api, noTransaction, transactionTimeoutMs);
    const reason = errorName(errorCode);
    if (isDenied(errorCode)) throw new MkbError('kafka-not-authorised', { what: 'write idempotently', reason });
    if (errorCode !== 0) throw new MkbError('kafka-request-failed', { what, reason });
    return { producerId, producerEpoch };
  };
