/** What one client of /-/tap gets: events as long as it reads them. While it does not, nothing is taken, and messages are missed. */
import type { ServerResponse } from 'node:http';
import type { Watch } from './watch.ts';

/** How often it is said what was missed, though nothing is shown; and after how long a silence there is a sign of life, for whatever stands between. */
const lookMs = 1000;
const signOfLifeMs = 10_000;

export class TapStream {
  readonly #response: ServerResponse;
  readonly #limit: number;
  readonly #watches: { readonly bridge: string; readonly watch: Watch }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #shown = 0;
  #missed = 0;
  #wroteAt = 0;
  #blocked = false;
  #began = false;
  #over = false;

  constructor(response: ServerResponse, limit = Number.POSITIVE_INFINITY) {
    this.#response = response;
    this.#limit = limit;
  }

  /** @param open begins a watch */
  add(bridge: string, open: (wake: () => void) => Watch): void {
    this.#watches.push({ bridge, watch: open(() => this.#flush()) });
  }

  begin(): void {
    const response = this.#response;
    this.#began = true;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
    response.once('close', () => this.close());
    this.#write(': watching\n\n');
    this.#timer = setInterval(() => {
      this.#flush();
      if (!this.#blocked && performance.now() - this.#wroteAt >= signOfLifeMs) this.#write(': still watching\n\n');
    }, lookMs);
  }

  /** Watches no more. */
  close(): void {
    this.#over = true;
    clearInterval(this.#timer);
    for (const { watch } of this.#watches) watch.close();
  }

  #flush(): void {
    if (!this.#began) return;
    for (const { bridge, watch } of this.#watches) {
      if (this.#over || this.#blocked) return;
      const { messages, missed } = watch.take();
      const room = this.#limit - this.#shown;
      const shown = messages.length > room ? messages.slice(0, room) : messages;
      this.#shown += shown.length;
      this.#missed += missed;
      const events = shown.map(message => `data: ${JSON.stringify({ bridge, ...message })}\n\n`);
      if (missed > 0) events.push(`event: missed\ndata: ${JSON.stringify({ bridge, missed })}\n\n`);
      if (events.length > 0) this.#write(events.join(''));
      if (this.#shown >= this.#limit) this.#end('the limit is reached');
    }
    if (this.#over || this.#blocked || this.#watches.some(({ watch }) => watch.ended === undefined)) return;
    this.#end(this.#watches[0]!.watch.ended!);
  }

  #write(text: string): void {
    this.#wroteAt = performance.now();
    this.#blocked = !this.#response.write(text);
  }

  #end(reason: string): void {
    this.#over = true;
    this.#response.end(`event: end\ndata: ${JSON.stringify({ reason, shown: this.#shown, missed: this.#missed })}\n\n`);
    this.close();
  }
}
