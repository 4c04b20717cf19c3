/**
 * Server-Sent Events, read with fetch, which can send a token where EventSource cannot. It connects again by itself, also when the other side says
 * nothing for a while: a process that is stopped keeps its connections.
 */
const usuallySilentMs = 5000;
const againMs = 1000;

let token = '';

/** The headers of a request that may need the token. */
export const authorization = () => (token === '' ? {} : { authorization: `Bearer ${token}` });

export class Stream {
  #path;
  #handle;
  #silentMs;
  #attempt = new AbortController();
  #closed = false;

  /**
   * @param handle takes the name of an event and its data; `refused` with a status is one of ours
   * @param silentMs after so long without a byte it connects again
   */
  constructor(path, handle, silentMs = usuallySilentMs) {
    this.#silentMs = silentMs;
    this.#path = path;
    this.#handle = handle;
    void this.#run();
  }

  /** Connects again, with a token. */
  use(text) {
    token = text;
    this.#attempt.abort();
  }

  close() {
    this.#closed = true;
    this.#attempt.abort();
  }

  async #run() {
    while (!this.#closed) {
      this.#attempt = new AbortController();
      const { signal } = this.#attempt;
      await this.#read(signal).catch(() => undefined);
      if (!signal.aborted) await new Promise(resolve => setTimeout(resolve, againMs));
    }
  }

  async #read(signal) {
    let heard = setTimeout(() => this.#attempt.abort(), this.#silentMs);
    const listen = () => {
      clearTimeout(heard);
      heard = setTimeout(() => this.#attempt.abort(), this.#silentMs);
    };
    try {
      const response = await fetch(this.#path, { signal, headers: authorization(), cache: 'no-store' });
      if (!response.ok) {
        this.#handle('refused', { status: response.status, text: await response.text() });
        return;
      }
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of chunksOf(response.body)) {
        listen();
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
        rest = parts.pop();
        for (const part of parts) this.#take(part);
      }
    } finally {
      clearTimeout(heard);
    }
  }

  #take(part) {
    const match = /^(?:event: (.*)\n)?data: (.*)$/.exec(part);
    if (match) this.#handle(match[1] ?? 'message', JSON.parse(match[2]));
  }
}

/** Not every browser can loop over a stream. */
async function* chunksOf(body) {
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}
