/** A pause that somebody else can end. */
export class Wait {
  #end: (() => void) | undefined;

  /** Returns after `milliseconds`, or when `end` is called. */
  async pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  end(): void {
    this.#end?.();
  }
}
