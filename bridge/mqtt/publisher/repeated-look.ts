/** How often, milliseconds. */
const everyMs = 1000;

/** Looks at something each second, for as long as there is something to look at. */
export class RepeatedLook {
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look returns whether to look again */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  /** There is something to look at. */
  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#look()) this.begin();
    }, everyMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
