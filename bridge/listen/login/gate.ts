/** Work of which so much is done at a time, while the rest waits its turn: each piece costs more than a stranger should be able to ask for. */
export class Gate {
  readonly #atATime: number;
  readonly #mostWaiting: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(atATime: number, mostWaiting: number) {
    this.#atATime = atATime;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * What `work` gives, in its turn; undefined if too many wait, or it is not wanted any more when its turn comes.
   */
  async run<T>(work: () => Promise<T>, wanted: () => boolean = () => true): Promise<T | undefined> {
    if (this.#running >= this.#atATime) {
      if (this.#waiting.length >= this.#mostWaiting) return undefined;
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return wanted() ? await work() : undefined;
    } finally {
      // The place goes to the next at once, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
