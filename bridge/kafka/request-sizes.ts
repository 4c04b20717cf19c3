/**
 * How large a request to a broker may be: as the document says, and less where a broker was seen to hang up on requests of that size.
 *
 * A broker that takes no request of a size (`socket.request.max.bytes`, limits of managed clusters) does not say so: it closes the connection,
 * whatever else is under way on it. One connection that ends says nothing about sizes, nor does one after requests of about that size were
 * answered. When another ends without that, requests become half as large as the largest that was under way. Should another thing have
 * ended the connections, smaller requests cost little; and after a while the size is what the document says again.
 *
 * Where the document says nothing, it begins with what any broker takes, and doubles while the broker answers large requests quickly: larger
 * ones cost less a record. Whatever fails of a request that has grown, be it a slow network, it is the first to be as small as in the beginning.
 */
import type { Connection } from '@platformatic/kafka';

/** What any broker takes. */
const smallestBytes = 4096;
/** How many connections in a row have to end. */
const enoughEndings = 2;
const rememberedMs = 600_000;
/** Requests grow only where they are answered in less, and have another try when one that had grown failed so long ago. */
const quickMs = 1000;
const stuntedMs = 3_600_000;

/** A connection that ended. */
interface Ending {
  readonly connection: Connection;
  /** The largest request that was under way. */
  largest: number;
  /** The largest that was answered since the ending before, and how many endings and which limit there were then. */
  readonly answered: number;
  readonly endings: number;
  readonly limit: number;
}

export class RequestSizes {
  readonly #maxBytes: number;
  readonly #maxGrownBytes: number;
  readonly #now: () => number;
  #limit = Number.POSITIVE_INFINITY;
  #grown: number;
  #growsFrom = 0;
  #limitedUntil = 0;
  /** Connections in a row whose end may be about sizes. */
  #endings = 0;
  /** The largest request that was answered since the last of them. */
  #answered = 0;
  #last: Ending | undefined;

  /**
   * @param maxBytes what the document allows
   * @param maxGrownBytes what requests may grow to
   */
  constructor(maxBytes: number, maxGrownBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#maxGrownBytes = maxGrownBytes;
    this.#grown = maxBytes;
    this.#now = now;
  }

  /** The batches of one request have at most so many bytes, but for a record that is larger alone. */
  get limit(): number {
    if (this.#now() > this.#limitedUntil) this.#limit = Number.POSITIVE_INFINITY;
    return Math.min(this.#limit, this.#grown);
  }

  /** A request was answered after so many milliseconds. */
  answered(bytes: number, afterMs: number): void {
    this.#answered = Math.max(this.#answered, bytes);
    if (this.#grown === this.#maxGrownBytes || bytes <= this.#grown / 2 || afterMs > quickMs) return;
    if (this.#now() >= this.#growsFrom) this.#grown = Math.min(this.#maxGrownBytes, 2 * this.#grown);
  }

  /** A request had no answer, for whatever reason. */
  lost(bytes: number): void {
    if (bytes <= this.#maxBytes) return;
    this.#grown = this.#maxBytes;
    this.#growsFrom = this.#now() + stuntedMs;
  }

  /** The connection ended while a request of `bytes` was under way. Returns whether the limit is lower than before. */
  ended(connection: Connection, bytes: number): boolean {
    if (this.#last?.connection !== connection) {
      const { limit } = this;
      this.#last = { connection, largest: 0, answered: this.#answered, endings: this.#endings, limit };
      this.#answered = 0;
    }
    const { answered, endings, limit } = this.#last;
    const largest = Math.max(this.#last.largest, bytes);
    this.#last.largest = largest;
    this.#endings = answered < largest / 2 ? endings + 1 : 1;
    const half = Math.max(smallestBytes, Math.floor(Math.min(largest, limit) / 2));
    if (this.#endings < enoughEndings || half >= limit || half === this.limit) return false;
    this.#limit = half;
    this.#limitedUntil = this.#now() + rememberedMs;
    return true;
  }
}
