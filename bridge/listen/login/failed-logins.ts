/**
 * How often logins from one address may fail. Beyond it nobody from there is let in until some time has passed: who guesses passwords gets no
 * more tries, and costs no more hashes.
 *
 * An address may stand for a whole fleet behind one router, so the answer is to come back later, and each minute gives tries again. Addresses of IPv6
 * count by their first 64 bits, since one owner has them all.
 */
const minuteMs = 60_000;
/** More addresses are not remembered; the ones that failed longest ago are forgotten. */
const mostAddresses = 50_000;

interface Budget {
  left: number;
  at: number;
}

export class FailedLogins {
  readonly #aMinute: number;
  readonly #now: () => number;
  /** The address that failed last is the last. */
  readonly #budgets = new Map<string, Budget>();

  /** @param aMinute how many logins from one address may fail in a minute */
  constructor(aMinute: number, now: () => number = () => performance.now()) {
    this.#aMinute = aMinute;
    this.#now = now;
  }

  /** Whether a client from there may try. */
  allows(address: string): boolean {
    const budget = this.#budgets.get(networkOf(address));
    return budget === undefined || this.#refilled(budget) >= 1;
  }

  failed(address: string): void {
    const network = networkOf(address);
    const budget = this.#budgets.get(network) ?? { left: this.#aMinute, at: this.#now() };
    budget.left = Math.max(0, this.#refilled(budget) - 1);
    budget.at = this.#now();
    this.#budgets.delete(network);
    this.#budgets.set(network, budget);
    for (const [oldest, each] of this.#budgets) {
      const isFull = this.#refilled(each) >= this.#aMinute;
      if (!isFull && this.#budgets.size <= mostAddresses) break;
      this.#budgets.delete(oldest);
    }
  }

  #refilled({ left, at }: Budget): number {
    return Math.min(this.#aMinute, left + ((this.#now() - at) / minuteMs) * this.#aMinute);
  }
}

/** `2001:db8::1` and `2001:db8:0:0:9::` are of the same network. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::') as [string, string | undefined];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...after];
  return groups
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':');
}
