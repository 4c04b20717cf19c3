/** What a client may still send in this second. */
import type { ClientLimits } from './options.ts';

type Rates = Pick<ClientLimits, 'messageRate' | 'byteRate'>;

export class Allowance {
  #messages: number;
  #bytes: number;

  constructor({ messageRate, byteRate }: Rates) {
    this.#messages = messageRate;
    this.#bytes = byteRate;
  }

  get used(): boolean {
    return this.#messages <= 0 || this.#bytes <= 0;
  }

  take(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
  }

  /** A second has passed. Returns whether it was used up before. */
  refill({ messageRate, byteRate }: Rates): boolean {
    const { used } = this;
    this.#messages = messageRate;
    // A packet that is larger than a second's share is paid for later.
    this.#bytes = Math.min(byteRate, this.#bytes + byteRate);
    return used;
  }
}
