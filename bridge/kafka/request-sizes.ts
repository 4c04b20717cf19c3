/**
 * How large a request to a broker may be: as the document says, and less where a broker was seen to hang up on requests of that size.
 *
 * A broker that takes no request of a size (`socket.request.max.bytes`, limits of managed clusters) does not say so: it closes the connection,
 * whatever else is under way on it. A connection that ends says nothing about sizes the first time. When it ends again while a large
 * request is under way, requests become half as large as the largest that was, until some as large are answered. Smaller requests cost little
 * should another thing have ended the connections; so after a while the size is what the document says again.
 */
import type { Connection } from '@platformatic/kafka';

/** What any broker takes. */
const smallestBytes = 4096;
/** How many connections in a row have to end. */
const enoughEndings = 2;
const rememberedMs = 600_000;

export class RequestSizes {
  readonly #maxBytes: number;
  readonly #now: () => number;
  #limit = Number.POSITIVE_INFINITY;
  #limitedUntil = 0;
  /** Connections in a row that ended while a request was under way. */
  #endings = 0;
  /** The last of them, the largest request that was under way on it, and the limit before it ended. */
  #ended: { readonly connection: Connection; largest: number; readonly limit: number } | undefined;

  /** @param maxBytes what the document allows */
  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** The batches of one request have at most so many bytes, but for a record that is larger alone. */
  get limit(): number {
    if (this.#now() > this.#limitedUntil) this.#limit = Number.POSITIVE_INFINITY;
    return Math.min(this.#limit, this.#maxBytes);
  }

  answered(bytes: number): void {
    if (bytes >= this.limit / 2) this.#endings = 0;
  }

  /** The connection ended while a request of `bytes` was under way. Returns whether the limit is lower than before. */
  ended(connection: Connection, bytes: number): boolean {
    if (this.#ended?.connection !== connection) {
      this.#endings++;
      this.#ended = { connection, largest: 0, limit: this.limit };
    }
    const ended = this.#ended;
    ended.largest = Math.max(ended.largest, bytes);
    const limit = Math.max(smallestBytes, Math.floor(Math.min(ended.largest, ended.limit) / 2));
    if (this.#endings < enoughEndings || limit === this.limit || limit >= ended.limit) return false;
    this.#limit = limit;
    this.#limitedUntil = this.#now() + rememberedMs;
    return true;
  }
}
