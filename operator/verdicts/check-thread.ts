/**
 * Checks documents in a thread of its own, each in a limit of time and memory.
 *
 * Anyone with a namespace may write a document that takes long to check, and there will always be one more way to. Checked in the event loop, one such
 * document stops the Lease from being renewed and kubelets from being answered, and after the restart it is checked again. Here it costs its author
 * a verdict: a thread that does not answer in time is ended, and the next document gets a new one.
 *
 * Namespaces take turns, so that hundred documents of one hold up the one document of another for the time of one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MkbError } from '../../api/errors.ts';
import { excessOf } from '../../api/limits.ts';
import type { KubeObject } from '../runtime/object.ts';
import { type CheckAnswer, type CheckRequest, problem, unchecked } from './protocol.ts';

export interface CheckThreadOptions {
  /** How long the check of one document may take; loading the thread does not count. */
  readonly limitMs?: number;
  /** How much memory it may need. */
  readonly limitMib?: number;
  /** How many documents may wait. */
  readonly mostWaiting?: number;
  /** The program of the thread. */
  readonly program?: URL;
}

interface Waiting {
  readonly request: CheckRequest;
  readonly resolve: (answer: CheckAnswer) => void;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
/** Of memory for what is young; as the whole process has it (`operatorNodeOptions`). */
const youngMib = 6;
/** A thread that nobody needs any more gives its memory back. */
const idleMs = 60_000;
/**
 * Characters of documents that wait, of one namespace: what waits is kept in memory, and a document may be a megabyte. As it is looked at before one is
 * given, it may be exceeded by one.
 */
const mostOfNamespace = 2 * 2 ** 20;
/** How long a thread may take to load, on a machine that has no time. */
const loadMs = 60_000;

export class CheckThread {
  readonly #limitMs: number;
  readonly #limitMib: number;
  readonly #mostWaiting: number;
  readonly #program: URL;
  /** What waits, by namespace; the one whose turn it is comes first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #count = 0;
  #busy = false;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: CheckThreadOptions = {}) {
    this.#limitMs = options.limitMs ?? 5000;
    this.#limitMib = options.limitMib ?? 96;
    this.#mostWaiting = options.mostWaiting ?? Number.POSITIVE_INFINITY;
    this.#program = options.program ?? new URL(`./worker.${extension}`, import.meta.url);
  }

  /** Whether a document would be taken. */
  get hasRoom(): boolean {
    return this.#count < this.#mostWaiting;
  }

  /** Whether a document of this namespace should be given: others of it wait, and their authors may have more. */
  hasRoomFor(namespace: string): boolean {
    const waiting = this.#waiting.get(namespace) ?? [];
    return waiting.reduce((length, { request }) => length + lengthOf(request), 0) < mostOfNamespace;
  }

  /** Never rejects: what goes wrong is a problem of the document, `document-unchecked`. */
  async check(resource: KubeObject, more: Omit<CheckRequest, 'resource'>): Promise<CheckAnswer> {
    const { namespace = '' } = resource.metadata;
    const read = readOf(resource, more.spec);
    const excess = excessOf(read); // What is nested too deep cannot even be written out.
    if (excess) return problem(new MkbError('document-too-large', excess));
    const { promise, resolve } = Promise.withResolvers<CheckAnswer>();
    const queue = this.#waiting.get(namespace) ?? [];
    this.#waiting.set(namespace, [...queue, { request: { ...more, resource: JSON.stringify(read) }, resolve }]);
    this.#count++;
    void this.#work();
    return promise;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#end();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#idle);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      next.resolve(await this.#answer(next.request));
    }
    this.#busy = false;
    this.#idle = setTimeout(() => this.#end(), idleMs).unref();
  }

  #next(): Waiting | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [namespace, [next, ...rest]] = first;
    this.#waiting.delete(namespace);
    if (rest.length > 0) this.#waiting.set(namespace, rest);
    this.#count--;
    return next;
  }

  async #answer(request: CheckRequest): Promise<CheckAnswer> {
    try {
      const worker = await this.#ready();
      worker.postMessage(request);
      return (await this.#message(worker, this.#limitMs)) as CheckAnswer;
    } catch (error) {
      this.#end();
      return unchecked((error as Error).message);
    }
  }

  async #ready(): Promise<Worker> {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#program, {
      resourceLimits: { maxOldGenerationSizeMb: this.#limitMib, maxYoungGenerationSizeMb: youngMib },
    });
    worker.unref();
    // A thread that runs out of memory ends with an error, which whoever waits for its answer gets; without a listener it would end the process.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    await this.#message(worker, loadMs);
    return worker;
  }

  /** The next thing that the thread says. */
  async #message(worker: Worker, limitMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const over = new AbortController();
    const failed = (reason: string) => reject(new Error(reason));
    const ended = (cause: NodeJS.ErrnoException | number) => {
      const memory = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      failed(memory ? `it took more than ${this.#limitMib} MiB of memory` : `its thread ended: ${cause}`);
    };
    worker.once('message', resolve).once('error', ended).once('exit', ended);
    pause(limitMs, undefined, { signal: over.signal }).then(
      () => failed(`it took longer than ${limitMs / 1000} s`),
      () => undefined,
    );
    try {
      return await promise;
    } finally {
      over.abort();
      worker.off('message', resolve).off('error', ended).off('exit', ended);
    }
  }

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate().catch(() => undefined);
  }
}

const lengthOf = ({ resource, spec }: CheckRequest): number => resource.length + (spec?.length ?? 0);

/** What a check reads of a resource. */
function readOf({ apiVersion, kind, metadata, spec }: KubeObject, instead: string | undefined): object {
  const { name, namespace, uid, annotations } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, annotations }, ...(instead === undefined && { spec }) };
}
