/** SIGINT and SIGTERM: the first asks to end in order, the second insists. */

const numbers = { SIGINT: 2, SIGTERM: 15 } as const;
type Stop = keyof typeof numbers;
const names = Object.keys(numbers) as Stop[];

export class StopSignal {
  /** Fulfilled by the first signal. */
  readonly came: Promise<void>;
  #received = false;
  readonly #resolve: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.came = promise;
    this.#resolve = resolve;
    for (const name of names) process.on(name, this.#handler);
  }

  get received(): boolean {
    return this.#received;
  }

  /** Lets signals do again what they do by themselves. */
  forget(): void {
    for (const name of names) process.off(name, this.#handler);
  }

  /** The second ends the process at once, with the exit code that a shell gives for it. */
  readonly #handler = (name: Stop): void => {
    if (this.#received) process.exit(128 + numbers[name]);
    this.#received = true;
    this.#resolve();
  };
}
