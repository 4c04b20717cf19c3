/**
 * How long a batch that could be sent waits for more records: never longer than `producer.linger`, and only while waiting gains something.
 *
 * - It gains something where much comes in that time, or so much that batches become full, or all that the source can give before something is
 *   delivered. Then what comes until the time is over goes in one request.
 * - Where little came, waiting was lost time. From then on a batch is sent at once, unless a request to its broker is under way or was sent just now. So a
 *   record at low load does not wait, the slower the broker answers the larger batches become (RFC 896 has TCP do the same), and requests are no more
 *   than a few times as many as they would be otherwise: each costs the broker and us, and its garbage costs memory.
 */
import type { Link } from './link.ts';

/** With less in a request, that request is most of what its records cost. */
const muchBytes = 32 * 1024;
/** The part of the linger that lies at least between two requests to a broker that are sent early. */
const restPart = 0.5;

export class Linger {
  readonly #tuning: { readonly lingerMs: number };
  /** Whether waiting was of use when last tried. */
  #gains = true;
  #over = false;

  /** @param tuning may change at any time */
  constructor(tuning: { readonly lingerMs: number }) {
    this.#tuning = tuning;
  }

  /**
   * When a batch is to be sent that could be sent now.
   *
   * @param since when its first record came, in the producer's time
   * @param leader its broker; undefined while that is not known
   */
  dueAt(since: number, leader: Pick<Link, 'inFlight' | 'sentAt'> | undefined): number {
    const { lingerMs } = this.#tuning;
    if (this.#over) return since;
    if (this.#gains || leader === undefined || leader.inFlight > 0) return since + lingerMs;
    return Math.min(since + lingerMs, Math.max(since, leader.sentAt + lingerMs * restPart));
  }

  /** A batch became full, or nothing more can come until something is delivered. */
  endedEarly(): void {
    this.#gains = true;
  }

  /** The lanes' next batches are sent. Those among them that are open could have waited longer, or have waited until the end. */
  sent(lanes: readonly { readonly openBytes: number }[]): void {
    const bytes = lanes.reduce((sum, { openBytes }) => sum + openBytes, 0);
    if (bytes > 0) this.#gains = bytes >= muchBytes;
  }

  /** From now on nothing waits. */
  end(): void {
    this.#over = true;
  }
}
