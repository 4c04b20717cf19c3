/** The thread that runs jq: see jq.ts. Each request names the memory in which the asking thread waits for its answer. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { type Jq, loadJq } from 'jq-wasm';
import type { JqAnswer, JqRequest, JqSetup } from './protocol.ts';

const { port, signal } = workerData as JqSetup & { port: MessagePort };
const loading = loadJq();

const answer = (jq: Jq, { program, input }: JqRequest): JqAnswer => {
  const { stdout, stderr, exitCode } = jq.raw(input, program, ['-c']);
  return exitCode === 0 ? { outputs: stdout } : { error: stderr };
};

const attempt = async (request: JqRequest): Promise<JqAnswer> => {
  try {
    return answer(await loading, request);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), broken: true };
  }
};

const reply = (message: JqAnswer): void => {
  port.postMessage(message);
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
};

port.on('message', async (request: JqRequest) => reply(await attempt(request)));
