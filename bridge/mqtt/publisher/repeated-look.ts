/** Looks at something now and then, for as long as there is something to look at. */
export class RepeatedLook {
  readonly #everyMs: number;
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look returns whether to look again */
  constructor(everyMs: number, look: () => boolean) {
    this.#everyMs = everyMs;
    this.#look = look;
  }

  /** There is something to look at. */
  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#look()) this.begin();
    }, this.#everyMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
