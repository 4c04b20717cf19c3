/**
 * jq programs on values, by the real jq compiled to WebAssembly, for whoever may wait: `mkb eval`, `mkb test`, the REPL. A bridge may not, and
 * asks threads.ts.
 *
 * A jq program may run for ever (`def f: f; f`). Only another thread can be stopped from outside, so jq runs in one: this thread hands it the
 * program and the JSON, sleeps until there is an answer or the time is up, and in the latter case ends the thread and lets the next program
 * start a new one. That costs about a millisecond for each call, most of it jq reading its own library; what a path or a function can do, a
 * path or a function should do.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import { type JqAnswer, type JqRequest, outputsOf, type RunJq, startMs } from './protocol.ts';
import { type JqThread, startThread, stopThread } from './thread.ts';

let thread: JqThread | undefined;

export const runJq: RunJq = (program, input, limitMs) => {
  thread ??= startThread();
  const answer = ask(thread, { program, input }, limitMs);
  if (answer === undefined || answer.broken === true) {
    stopThread(thread);
    thread = undefined;
  }
  return outputsOf(answer, limitMs);
};

const ask = (to: JqThread, request: JqRequest, limitMs: number): JqAnswer | undefined => {
  const answered = Atomics.load(to.signal, 0);
  to.port.postMessage(request);
  if (Atomics.wait(to.signal, 0, answered, to.started ? limitMs : limitMs + startMs) === 'timed-out') return undefined;
  to.started = true;
  return receiveMessageOnPort(to.port)?.message as JqAnswer | undefined;
};
