/**
 * The producer id that batches carry so that a broker can tell a repeated one (KIP-98).
 *
 * An id is good until a broker's count of our sequence and our own may differ. Then `renew` gives it up at once and asks for another,
 * with backoff, for as long as it takes; meanwhile only batches that already have a number may be sent.
 */
import type { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../backoff.ts';
import type { ProducerIdentity } from './record-batch.ts';

interface IdentitySource {
  newProducerIdentity(): Promise<ProducerIdentity>;
}

interface IdentityListener {
  /** There is an id again. */
  renewed(): void;
  /** Asking for one failed; it is asked for again. */
  problem(error: MkbError): void;
}

export class Identity {
  /** The id for new batches; undefined while there is none, and always without idempotence. */
  current: ProducerIdentity | undefined;
  readonly #idempotent: boolean;
  readonly #source: IdentitySource;
  readonly #retry: { readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly #listener: IdentityListener;
  #failures = 0;
  #renewing = false;
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

  /** Gets the first id. Throws as `Cluster.newProducerIdentity` does. */
  async obtain(): Promise<void> {
    if (!this.ready) this.current = await this.#source.newProducerIdentity();
  }

  /** Gives the current id up and sees to it that there will be another. */
  renew(): void {
    this.current = undefined;
    if (!this.#idempotent || this.#renewing) return;
    this.#renewing = true;
    this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #ask(): void {
    this.#source.newProducerIdentity().then(
      identity => {
        this.#failures = 0;
        this.#renewing = false;
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
