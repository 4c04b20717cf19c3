/**
 * SIGINT and SIGTERM: the first asks to end in order, within a time; the second insists. So does SIGHUP, which comes when a terminal is closed; but it
 * never insists, for the shell and the system may both send it. To a command that can be reloaded it is the request for that, unless its terminal is
 * gone.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isatty } from 'node:tty';

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type Stop = keyof typeof numbers;
const names = Object.keys(numbers) as Stop[];

/** How long a process may take to end when all is done, milliseconds: a connection to a peer that hangs may keep it. */
const lingerMs = 500;

/** Ends the process with the exit code that a shell gives for the signal. */
const exitBy = (name: Stop): never => process.exit(128 + numbers[name]);

/**
 * Lets signals end the process until a command listens to them, as they do by themselves everywhere but in process 1 of a container. There
 * the system ignores what nobody listens to, and a pod that is deleted while it starts would be killed at the end of its grace period.
 */
export const endBySignals = (): void => {
  for (const name of names) process.on(name, exitBy);
};

/** Whether somebody sits at the process. A terminal that was closed is none any more. */
const hasTerminal = (): boolean => [0, 1, 2].some(isatty);

export class StopSignal {
  /** Whether a command runs that goes on although nobody reads its output any more. */
  static outlivesOutput = false;
  /** Fulfilled by the first signal. */
  readonly came: Promise<void>;
  readonly #stopping = new AbortController();
  #received = false;
  readonly #resolve: () => void;
  readonly #reload: (() => void) | undefined;
  readonly #hadTerminal = hasTerminal();

  /**
   * @param outlivesOutput for what moves messages or watches over them: its output is not what it is run for
   * @param reload what SIGHUP asks for; without it, to end
   */
  constructor({ outlivesOutput = false, reload }: { outlivesOutput?: boolean; reload?: () => void } = {}) {
    this.#reload = reload;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.came = promise;
    this.#resolve = resolve;
    for (const name of names) process.off(name, exitBy).on(name, this.#handler);
    StopSignal.outlivesOutput = outlivesOutput;
  }

  get received(): boolean {
    return this.#received;
  }

  /** Aborted by the first signal. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Lets signals end the process again. */
  forget(): void {
    for (const name of names) process.off(name, this.#handler).on(name, exitBy);
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

  /** The second ends the process at once. */
  readonly #handler = (name: Stop): void => {
    if (name === 'SIGHUP' && this.#reload && !(this.#hadTerminal && !hasTerminal())) {
      if (!this.#received) this.#reload();
      return;
    }
    if (this.#received && name === 'SIGHUP') return;
    if (this.#received) exitBy(name);
    this.#received = true;
    this.#resolve();
    this.#stopping.abort();
  };
}
