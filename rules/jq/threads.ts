/**
 * jq for a bridge: programs run in threads while everything else goes on, and a program whose time is up ends with its thread.
 *
 * Whoever asks waits for the answer before it asks again, so there are as many threads as have asked at the same time: the two directions,
 * events, and rules with windows. A thread that was ended is replaced at once, because the next message is probably like the one before.
 */
import { type AskJq, type JqAnswer, startMs } from './protocol.ts';
import { type JqThread, startThread, stopThread } from './thread.ts';

export class JqThreads {
  readonly #idle: JqThread[] = [];
  readonly #busy = new Set<JqThread>();
  #closed = false;

  /** Has a thread ready, so that no message waits for it. */
  async warm(): Promise<void> {
    await this.ask({ program: '.', input: 'null' }, startMs);
  }

  readonly ask: AskJq = async (request, limitMs) => {
    if (this.#closed) return undefined;
    const thread = this.#idle.pop() ?? startThread();
    this.#busy.add(thread);
    const answer = await answerOf(thread, () => thread.port.postMessage(request), limitMs);
    this.#busy.delete(thread);
    const usable = answer !== undefined && answer.broken !== true;
    if (this.#closed || !usable) stopThread(thread);
    if (!this.#closed) this.#idle.push(usable ? thread : startThread());
    return answer;
  };

  close(): void {
    this.#closed = true;
    for (const thread of [...this.#idle, ...this.#busy]) stopThread(thread);
    this.#idle.length = 0;
  }
}

/** Settles with the next answer of a thread, or with undefined when the time is up or the thread has died. The time begins when jq is loaded. */
const answerOf = async (thread: JqThread, post: () => void, limitMs: number): Promise<JqAnswer | undefined> => {
  const { promise, resolve } = Promise.withResolvers<JqAnswer | undefined>();
  const { port, worker, loaded } = thread;
  const giveUp = (): void => resolve(undefined);
  let timer = setTimeout(giveUp, startMs);
  void loaded.then(() => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, limitMs);
  });
  port.once('message', resolve);
  worker.once('exit', giveUp);
  post();
  const answer = await promise;
  clearTimeout(timer);
  port.off('message', resolve);
  worker.off('exit', giveUp);
  return answer;
};
