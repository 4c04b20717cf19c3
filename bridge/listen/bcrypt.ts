/**
 * bcrypt in a thread of its own: Node has none, and the library's JavaScript would hold up every client for the time of a hash. The thread is started with the first
 * password that needs it, and again if it dies.
 */
import { isUtf8 } from 'node:buffer';
import { Worker } from 'node:worker_threads';

export interface BcryptQuestion {
  readonly number: number;
  readonly password: string;
  readonly hash: string;
}

export interface BcryptAnswer {
  readonly number: number;
  readonly fits: boolean;
}

interface Thread {
  readonly worker: Worker;
  readonly asked: Map<number, { resolve: (fits: boolean) => void; reject: (error: Error) => void }>;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
let thread: Thread | undefined;
let number = 0;

/** Whether a password is that of a hash. As bcrypt has it, 72 bytes of the password count. */
export async function bcryptFits(password: Buffer, hash: string): Promise<boolean> {
  if (!isUtf8(password)) return false;
  thread ??= startThread();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const question: BcryptQuestion = { number: number++, password: password.toString(), hash };
  thread.asked.set(question.number, { resolve, reject });
  thread.worker.postMessage(question);
  return await promise;
}

function startThread(): Thread {
  const worker = new Worker(new URL(`./bcrypt-worker.${extension}`, import.meta.url));
  // It keeps no process alive: those who wait for an answer are clients, and go with it.
  worker.unref();
  const started: Thread = { worker, asked: new Map() };
  worker.on('message', ({ number: answered, fits }: BcryptAnswer) => {
    started.asked.get(answered)?.resolve(fits);
    started.asked.delete(answered);
  });
  const died = (error: unknown): void => {
    if (thread === started) thread = undefined;
    for (const { reject } of started.asked.values())
      reject(new Error('the thread of bcrypt has died', { cause: error }));
    started.asked.clear();
  };
  worker.on('error', died).on('exit', died);
  return started;
}
