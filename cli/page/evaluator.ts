/**
 * Works out trials of the playground, each in a limit of time and memory, in a thread of its own: a rule may hold an expression that takes years, and
 * meanwhile the bridge has messages to move. A thread that does not answer in time is ended, and the next trial gets another.
 *
 * One at a time, and few that wait: who presses the button again has no more of the machine.
 */
import { Worker } from 'node:worker_threads';
import { MkbError } from '../../api/errors.ts';
import type { Evaluate } from '../../bridge/page/evaluation.ts';
import { noTables, type Tables, tablesToCopy } from '../../rules/tables/tables.ts';
import type { TrialAnswer, TrialRequest } from './protocol.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = new URL(`./evaluate-worker.${extension}`, import.meta.url);
const mostWaiting = 4;
/** How long the thread may take to load, on a machine that has no time. */
const loadMs = 60_000;
/** A thread that nobody needs any more gives its memory back. */
const idleMs = 60_000;

export class Evaluator {
  readonly #limitMs: number;
  readonly #limitMib: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: { readonly limitMs?: number; readonly limitMib?: number } = {}) {
    this.#limitMs = limits.limitMs ?? 2000;
    this.#limitMib = limits.limitMib ?? 64;
  }

  readonly evaluate: Evaluate = async (trial, { name, document: { spec }, lookups = noTables }) => {
    const request: Omit<TrialRequest, 'tables'> = {
      ...{ trial, bridge: name, schemas: spec.schemas, knowsPublisher: spec.mqtt.listen !== undefined },
      rule: spec.rules.find(rule => rule.name === trial.rule),
    };
    if (this.#waiting >= mostWaiting) return failure('others are being worked out');
    this.#waiting++;
    const answered = this.#last.then(() => this.#answer(request, lookups));
    this.#last = answered;
    try {
      return await answered;
    } finally {
      this.#waiting--;
    }
  };

  close(): void {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate().catch(() => undefined);
  }

  async #answer(request: Omit<TrialRequest, 'tables'>, lookups: Tables): Promise<TrialAnswer> {
    clearTimeout(this.#idle);
    try {
      const worker = await this.#ready();
      // Only now: while a trial waits for its turn, tables may get other rows.
      worker.postMessage({ ...request, tables: tablesToCopy(lookups, request.trial.sql) } satisfies TrialRequest);
      return (await this.#next(worker, this.#limitMs)) as TrialAnswer;
    } catch (error) {
      this.close();
      return failure((error as Error).message);
    } finally {
      this.#idle = setTimeout(() => this.close(), idleMs).unref();
    }
  }

  async #ready(): Promise<Worker> {
    if (this.#worker) return this.#worker;
    // Without the environment: a rule can read it (getenv), and who tries one is not who runs the bridge.
    const limits = { maxOldGenerationSizeMb: this.#limitMib, maxYoungGenerationSizeMb: 8 };
    const worker = new Worker(program, { env: {}, resourceLimits: limits });
    worker.unref();
    // The trial that waits for its answer hears of it; without a listener it would end the process.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    await this.#next(worker, loadMs);
    return worker;
  }

  /** The next thing that the thread says. */
  async #next(worker: Worker, limitMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const ended = (cause: unknown) => {
      const isMemory = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(new Error(isMemory ? `it takes more than ${this.#limitMib} MiB of memory` : 'its thread ended'));
    };
    const timer = setTimeout(() => reject(new Error(`it takes longer than ${limitMs / 1000} s`)), limitMs);
    worker.once('message', resolve).once('error', ended).once('exit', ended);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', ended).off('exit', ended);
    }
  }
}

const failure = (reason: string): TrialAnswer => {
  const { code, message, remedy } = new MkbError('trial-failed', { reason });
  return { error: { code, message, remedy } };
};
