/** The thread that runs jq: see jq.ts and threads.ts. Its setup names the memory in which an asking thread may wait for the answer. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Jq, loadJq } from 'jq-wasm';
import type { JqAnswer, JqRequest, JqSetup } from './protocol.ts';

const { port, signal } = workerData as JqSetup & { port: MessagePort };
const loading = loadJq();
loading.then(() => parentPort?.postMessage('loaded')).catch(() => {});

/** More would be a message that no Kafka takes; and jq's memory, which never shrinks, would stay as large. */
const longestOutput = 16 * 1024 * 1024;

const answer = (jq: Jq, { program, input }: JqRequest): JqAnswer => {
  const { stdout, stderr, exitCode } = jq.raw(input, program, ['-c', '--']);
  if (exitCode !== 0) return { error: stderr };
  if (stdout.length <= longestOutput) return { outputs: stdout };
  return {
    error: `the outputs have ${stdout.length} characters, and at most ${longestOutput} are taken`,
    broken: true,
  };
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
