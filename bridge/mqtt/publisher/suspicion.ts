/**
 * Finds the message that makes the server end the connection: MQTT 3.1.1 has no other way to refuse one.
 *
 * Sent again for ever, it would stall all that follow. After `suspiciousEnds` connections in a row that ended without acknowledging
 * anything, messages go one at a time; the one that this happens to as often again is the reason. If the server took others, the next
 * attempt may come as soon as after a first loss; otherwise it may be the server itself.
 */
import type { MkbError } from '../../../api/errors.ts';

const suspiciousEnds = 3;

/** Ends of a connection that say nothing about what was sent on it: the server stops, is busy, or has had enough of the connection. */
const innocent: ReadonlySet<string> = new Set(['mqtt-keepalive-timeout', 'mqtt-server-busy', 'mqtt-server-moved']);

export class Suspicion {
  /** Connections in a row that ended with messages under way and acknowledged none. */
  #fruitless = 0;
  /** Whether the server has taken a message since one was found guilty. */
  #takesOthers = false;

  /** Whether messages go one at a time. */
  get one(): boolean {
    return this.#fruitless >= suspiciousEnds;
  }

  /** The server has acknowledged something. */
  cleared(): void {
    this.#fruitless = 0;
    this.#takesOthers = true;
  }

  /** A connection ended while something was under way. Returns whether the oldest of it is the reason, and whether the server takes others. */
  ended({ code }: MkbError): { readonly guilty: boolean; readonly takesOthers: boolean } {
    if (innocent.has(code)) return { guilty: false, takesOthers: false };
    this.#fruitless++;
    if (this.#fruitless < 2 * suspiciousEnds) return { guilty: false, takesOthers: false };
    this.#fruitless = suspiciousEnds;
    const takesOthers = this.#takesOthers;
    this.#takesOthers = false;
    return { guilty: true, takesOthers };
  }
}
