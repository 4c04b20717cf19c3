/** Something that goes on in a later turn of the event loop, once. */
export class Turns {
  readonly #go: () => void;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(go: () => void) {
    this.#go = go;
  }

  /** @param ms 0 for the very next turn */
  next(ms: number): void {
    this.end();
    if (ms > 0) this.#timer = setTimeout(this.#go, ms);
    else this.#turn = setImmediate(this.#go);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }
}
