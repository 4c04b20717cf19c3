/**
 * QoS 0 has no acknowledgement, but the server reads packets in order: a PINGRESP proves that it has read everything before the PINGREQ.
 * So a message of QoS 0 is settled by the next PINGRESP, and the socket cannot fill up without end.
 */
import type { Connection } from '../connection.ts';
import type { Letter, Outbox } from './outbox.ts';

export class Proofs<Token> {
  readonly #outbox: Outbox<Token>;
  readonly #proved: (letters: readonly Letter<Token>[]) => void;
  /** The connection whose PINGRESP is awaited. */
  #awaited: Connection | undefined;

  /** @param proved called with those that the server has read, after which more may be sent */
  constructor(outbox: Outbox<Token>, proved: (letters: readonly Letter<Token>[]) => void) {
    this.#outbox = outbox;
    this.#proved = proved;
  }

  /** Sees to it that what is unproved will be proved, unless the connection ends before. */
  async begin(connection: Connection): Promise<void> {
    while (this.#awaited === undefined && this.#outbox.unproved > 0) {
      const count = this.#outbox.unproved;
      this.#awaited = connection;
      const read = await connection.ping();
      if (this.#awaited !== connection) return;
      this.#awaited = undefined;
      if (!read) return;
      this.#proved(this.#outbox.proved(count));
    }
  }

  /** The connection has ended. */
  lost(): void {
    this.#awaited = undefined;
  }
}
