/**
 * How much of something is kept in memory for each namespace. Anyone who may write objects there may write any number of them, with our label, a bridge as
 * their owner and a megabyte in each; what they cost must be their own namespace's matter, and never all of the operator's memory.
 */
export class NamespaceBudget {
  readonly #most: number;
  readonly #mostOfAll: number;
  #total = 0;
  readonly #shares = new Map<string, Share>();

  /**
   * @param most for each namespace
   * @param mostOfAll for all of them, where one that has nothing is no worse off than slower
   */
  constructor(most: number, mostOfAll: number = Number.POSITIVE_INFINITY) {
    this.#most = most;
    this.#mostOfAll = mostOfAll;
  }

  /** Whether `name` may have `size`, in place of what it had before; if not, it has nothing. */
  take(namespace: string, name: string, size: number): boolean {
    this.forget(namespace, name);
    const share = this.#shares.get(namespace) ?? { total: 0, sizes: new Map<string, number>() };
    if (share.total + size > this.#most || this.#total + size > this.#mostOfAll) return false;
    share.total += size;
    this.#total += size;
    share.sizes.set(name, size);
    this.#shares.set(namespace, share);
    return true;
  }

  /** It is gone. */
  forget(namespace: string, name: string): void {
    const share = this.#shares.get(namespace);
    if (share === undefined) return;
    const size = share.sizes.get(name) ?? 0;
    share.total -= size;
    this.#total -= size;
    share.sizes.delete(name);
    if (share.sizes.size === 0) this.#shares.delete(namespace);
  }
}

interface Share {
  total: number;
  /** Of each, by its name. */
  readonly sizes: Map<string, number>;
}
