/** A message to be published. What is behind `retain` is of MQTT 5 only: an MQTT 3.1.1 server is not sent it. */
export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
  readonly contentType?: string | undefined;
  readonly responseTopic?: string | undefined;
  readonly correlationData?: Buffer | undefined;
  /** Payload Format Indicator: 0 bytes, 1 UTF-8. */
  readonly payloadFormat?: 0 | 1 | undefined;
  readonly expiry?: Expiry | undefined;
}

/** How long somebody may want the message. It counts whatever the server speaks: after it the message is not sent. */
export interface Expiry {
  readonly seconds: number;
  /** From when they count, milliseconds since 1970. */
  readonly from: number;
}

/** What is left of an expiry while its message is here. A clock that is set back makes nothing live longer: a stopwatch counts as well. */
export class Countdown {
  readonly #expiry: Expiry;
  readonly #overAt: number;

  /**
   * @param now milliseconds since 1970
   * @param elapsed milliseconds of a clock that nobody sets
   */
  constructor(expiry: Expiry, now: number, elapsed: number) {
    this.#expiry = expiry;
    this.#overAt = elapsed + 1000 * left(expiry, now);
  }

  /** In whole seconds, as Message Expiry Interval has them; 0 when its time is over. */
  secondsLeft(now: number, elapsed: number): number {
    const least = Math.ceil(Math.min(left(this.#expiry, now), (this.#overAt - elapsed) / 1000));
    return Math.min(largestExpiry, Math.max(0, least));
  }
}

const left = ({ seconds, from }: Expiry, now: number): number => seconds - (now - from) / 1000;

/** A four byte integer (MQTT 5, 3.3.2.3.3). */
export const largestExpiry = 4_294_967_295;
