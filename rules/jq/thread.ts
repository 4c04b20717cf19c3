/** A thread that runs jq, and the line to it: requests go to `port`, and each answer is counted by `signal`. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';

export interface JqThread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
  /** Settles when jq is loaded, or the thread has died. */
  readonly loaded: Promise<unknown>;
  /** Whether it has answered once, and so has loaded. */
  started: boolean;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

export const startThread = (): JqThread => {
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
  const { promise: loaded, resolve } = Promise.withResolvers<unknown>();
  worker.once('message', resolve).once('exit', resolve);
  return { worker, port: port1, signal, loaded, started: false };
};

export const stopThread = ({ port, worker }: JqThread): void => {
  port.close();
  worker.terminate().catch(() => {});
};
