import { MkbError } from '../../api/errors.ts';

/**
 * A signal that is aborted with the caller's, and by itself with kube-timeout. Made of a listener that is taken away again, since a
 * caller's signal may outlive a million requests.
 */
export class TimeLimit {
  readonly #own = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #stop = () => this.#own.abort(this.#outer?.reason);

  constructor(limitMs: number, action: string, outer: AbortSignal | undefined) {
    outer?.throwIfAborted();
    this.#outer = outer;
    outer?.addEventListener('abort', this.#stop);
    this.#timer = setTimeout(() => {
      this.#own.abort(new MkbError('kube-timeout', { action, waitedMs: limitMs }));
    }, limitMs);
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Time does not matter any more; the caller's signal does. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.lift();
    this.#outer?.removeEventListener('abort', this.#stop);
  }
}
