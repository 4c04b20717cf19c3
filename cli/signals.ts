/** SIGINT and SIGTERM: the first asks to end in order, within a time; the second insists. */
import { setTimeout as pause } from 'node:timers/promises';

const numbers = { SIGINT: 2, SIGTERM: 15 } as const;
type Stop = keyof typeof numbers;
const names = Object.keys(numbers) as Stop[];

/** How long a process may take to end when all is done, milliseconds: a connection to a peer that hangs may keep it. */
const lingerMs = 500;

export class StopSignal {
  /** Whether a command runs that goes on although nobody reads its output any more. */
  static outlivesOutput = false;
  /** Fulfilled by the first signal. */
  readonly came: Promise<void>;
  #received = false;
  readonly #resolve: () => void;

  /** @param outlivesOutput for what moves messages or watches over them: its output is not what it is run for */
  constructor({ outlivesOutput = false } = {}) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.came = promise;
    this.#resolve = resolve;
    for (const name of names) process.on(name, this.#handler);
    StopSignal.outlivesOutput = outlivesOutput;
  }

  get received(): boolean {
    return this.#received;
  }

  /** Lets signals do again what they do by themselves. */
  forget(): void {
    for (const name of names) process.off(name, this.#handler);
    StopSignal.outlivesOutput = false;
  }

  /** The result of what ends after the signal; undefined when that has not happened `limitMs` after it. */
  async within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
    const late = this.came.then(() => pause(limitMs, undefined, { ref: false }));
    return await Promise.race([work, late]);
  }

  /** For the end of a command: as `forget`, and nothing that is open still keeps the process. */
  end(): void {
    this.forget();
    setTimeout(() => process.exit(), lingerMs).unref();
  }

  /** The second ends the process at once, with the exit code that a shell gives for it. */
  readonly #handler = (name: Stop): void => {
    if (this.#received) process.exit(128 + numbers[name]);
    this.#received = true;
    this.#resolve();
  };
}
