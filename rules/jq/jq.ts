/**
 * jq programs on values, by the real jq compiled to WebAssembly.
 *
 * A rule's function returns its value at once, and a jq program may run for ever (`def f: f; f`). Only another thread can be stopped from
 * outside, so jq runs in one: this thread hands it the program and the JSON, sleeps until there is an answer or the time is up, and in
 * the latter case ends the thread and lets the next program start a new one. That costs about a millisecond for each call, most of it jq
 * reading its own library; what a path or a function can do, a path or a function should do.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { jsonOrUndefined } from '../json.ts';
import { Refusal } from '../refusal.ts';
import type { Value } from '../value.ts';
import type { JqAnswer, JqRequest } from './protocol.ts';

/** How long a thread may take to start, besides the program's own time. */
const startMs = 10_000;

interface Engine {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
  /** Whether it has answered once, and so has loaded. */
  started: boolean;
}

let engine: Engine | undefined;

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

const startEngine = (): Engine => {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
    workerData: { port: port2, signal },
    transferList: [port2],
  });
  // Neither keeps the process alive: there is nothing to finish.
  worker.unref();
  port1.unref();
  // A worker that dies answers no more, which the time limit notices; without a listener it would end the process.
  worker.on('error', () => {});
  return { worker, port: port1, signal, started: false };
};

const stopEngine = (): void => {
  engine?.port.close();
  engine?.worker.terminate().catch(() => {});
  engine = undefined;
};

/**
 * The outputs of a jq program on JSON text, in order.
 * Throws Refusal for a program or an input that jq refuses, for `error`, and when the time is up.
 *
 * @param limitMs milliseconds that the program may run
 */
export const runJq = (program: string, input: string, limitMs: number): Value[] => {
  engine ??= startEngine();
  const answer = ask(engine, { program, input }, limitMs);
  if (answer === undefined) {
    stopEngine();
    throw new Refusal(`the jq program did not end within ${limitMs} ms`);
  }
  if (answer.error !== undefined && answer.broken === true) stopEngine();
  if (answer.error !== undefined) throw new Refusal(`jq refuses: ${firstLines(answer.error)}`);
  return answer.outputs === '' ? [] : answer.outputs.trimEnd().split('\n').map(jsonOrUndefined);
};

const ask = (to: Engine, request: JqRequest, limitMs: number): JqAnswer | undefined => {
  const answered = Atomics.load(to.signal, 0);
  to.port.postMessage(request);
  if (Atomics.wait(to.signal, 0, answered, to.started ? limitMs : limitMs + startMs) === 'timed-out') return undefined;
  to.started = true;
  return receiveMessageOnPort(to.port)?.message as JqAnswer | undefined;
};

const firstLines = (text: string): string =>
  text
    .replace(/^jq: (?:error: ?)?/, '')
    .slice(0, 200)
    .trim();
