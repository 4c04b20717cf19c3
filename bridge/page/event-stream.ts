/** Server-Sent Events to every page that is open (WHATWG HTML, 9.2). */
import type { ServerResponse } from 'node:http';

/** A page that reads so slowly that this many bytes wait for it is cut off. It connects again by itself and gets everything. */
const patienceBytes = 4 * 1024 * 1024;

export class EventStream {
  readonly #pages = new Set<ServerResponse>();

  /** Pages that are open. */
  get size(): number {
    return this.#pages.size;
  }

  /** Keeps a response open, and sends it its first event. */
  open(response: ServerResponse, event: string, data: unknown): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    response.write(`retry: 1000\n\n${format(event, data)}`);
    this.#pages.add(response);
    response.once('close', () => this.#pages.delete(response));
  }

  /** Sends an event to every page. @param data made only if there is one */
  send(event: string, data: () => unknown): void {
    if (this.#pages.size === 0) return;
    const text = format(event, data());
    for (const page of this.#pages) {
      if (page.writableLength > patienceBytes) page.destroy();
      else page.write(text);
    }
  }

  /** Ends every response. */
  close(): void {
    for (const page of this.#pages) page.end();
  }
}

const format = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
