/**
 * Whether the limits that a server gives in CONNACK are the last word on a message that does not fit.
 *
 * They are where the only server has had them since we know it: nobody else would take the message, and nothing says that they pass. Otherwise
 * they may be others soon. A failover came to a server that takes less than the one before, or a broker started with half of its configuration.
 * Then the message waits until the limits have been the same for five minutes. It waits as long from its own first refusal at most:
 * servers that take turns hold nothing for ever. While limits have been the same for long, nothing waits, whatever does not fit.
 */
import { MkbError } from '../../../api/errors.ts';
import type { ServerLimits } from '../handshake.ts';
import type { PublisherOptions } from './publisher-options.ts';

/** How long limits that are new may be passing ones. Rolling restarts of a broker are over by then. */
const rollingRestartMs = 5 * 60_000;

export type LimitsPatienceOptions = Pick<PublisherOptions, 'urls' | 'limitsPatienceMs'>;

export class LimitsPatience {
  readonly #hasOthers: boolean;
  readonly #patienceMs: number;
  readonly #elapsed: () => number;
  #limits: ServerLimits | undefined;
  /** When the present limits count as lasting. */
  #lastingAt = Number.NEGATIVE_INFINITY;

  /** @param elapsed milliseconds of a clock that nobody sets */
  constructor({ urls, limitsPatienceMs = rollingRestartMs }: LimitsPatienceOptions, elapsed: () => number) {
    this.#hasOthers = urls.length > 1;
    this.#patienceMs = limitsPatienceMs;
    this.#elapsed = elapsed;
  }

  /** A CONNACK came. Returns whether what did not fit before may fit now. */
  welcomed(limits: ServerLimits): boolean {
    const before = this.#limits;
    this.#limits = limits;
    const areOthers = before !== undefined && !areSame(before, limits);
    if (areOthers || (before === undefined && this.#hasOthers)) this.#lastingAt = this.#elapsed() + this.#patienceMs;
    return areOthers;
  }

  /** Milliseconds that a message may still wait which does not fit; 0 or less where it is a dead letter. @param since its first refusal */
  left(since: number): number {
    return Math.ceil(Math.min(this.#lastingAt, since + this.#patienceMs) - this.#elapsed());
  }
}

/** What is reported of a message that waits. @param problem why it does not fit */
export const waitsForLimits = (problem: MkbError, leftMs: number): MkbError =>
  new MkbError('mqtt-publish-waits-for-limits', { problem: problem.message, waitSeconds: Math.ceil(leftMs / 1000) });

/** The limits that a message may not fit. */
const areSame = (left: ServerLimits, right: ServerLimits): boolean =>
  left.maximumPacketSize === right.maximumPacketSize &&
  left.maximumQos === right.maximumQos &&
  left.retainAvailable === right.retainAvailable;
