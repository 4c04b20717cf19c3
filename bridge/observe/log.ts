/**
 * Structured logs. An error that repeats is logged once, and then summed up: a broker that is away for an hour is a handful of lines.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { MkbError } from '../../api/errors.ts';
import { LogStream } from './log-stream.ts';

export type { Logger } from 'pino';

/**
 * JSON lines on stderr, which never block (log-stream.ts). An error of the table, as `err`, has its code, message and remedy; any other its stack, for
 * it is a fault of ours.
 * @param level a pino level: trace, debug, info, warn, error, fatal, silent
 * @param through what lines go to in place of stderr, or on their way there
 */
export function createLog(level: string, through = (stderr: DestinationStream): DestinationStream => stderr): Logger {
  const options = { base: undefined, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: errorFields } };
  const stderr = new LogStream(process.stderr, dropped =>
    log.error({ dropped }, 'log lines were dropped, as nobody read them'),
  );
  const log: Logger = pino({ level, ...options }, through(stderr));
  return log;
}

const errorFields = (error: unknown): object =>
  MkbError.is(error) && error.code !== 'unexpected'
    ? { code: error.code, message: error.message, remedy: error.remedy }
    : pino.stdSerializers.err(error as Error);

/** How long an error that was logged stays quiet at first, milliseconds: twice as long each time that it goes on, up to the most. */
const quietMs = 10_000;
const longestQuietMs = 60_000;

interface Quiet {
  count: number;
  last: MkbError;
  facts: Facts;
}

/** Fields of a line that are those of its latest case. */
type Facts = Readonly<Record<string, string | undefined>>;

/** Logs errors, each kind of them once, and then ever more seldom with the number of those that were held back. */
export class ErrorLog {
  readonly #log: Logger;
  readonly #quiet = new Map<string, Quiet>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * @param context fields of the line, which also tell one kind of error from another
   * @param facts more fields, which do not
   */
  report(
    level: 'warn' | 'error',
    error: MkbError,
    context: Readonly<Record<string, string>> = {},
    facts: Facts = {},
  ): void {
    const kind = JSON.stringify([error.code, context]);
    const quiet = this.#quiet.get(kind);
    if (quiet) {
      quiet.count++;
      quiet.last = error;
      quiet.facts = facts;
      return;
    }
    this.#write(level, error, { ...context, ...facts });
    const state: Quiet = { count: 0, last: error, facts };
    this.#quiet.set(kind, state);
    const sumUpIn = (waitMs: number): void => {
      setTimeout(() => {
        if (state.count === 0) {
          this.#quiet.delete(kind);
          return;
        }
        this.#write(level, state.last, { ...context, ...state.facts, repeated: state.count });
        state.count = 0;
        sumUpIn(Math.min(2 * waitMs, longestQuietMs));
      }, waitMs).unref();
    };
    sumUpIn(quietMs);
  }

  #write(
    level: 'warn' | 'error',
    error: MkbError,
    context: Readonly<Record<string, string | number | undefined>>,
  ): void {
    this.#log[level]({ code: error.code, remedy: error.remedy, ...context }, error.message);
  }
}
