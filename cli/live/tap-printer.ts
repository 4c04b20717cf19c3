/** Prints live messages, counts what is shown and what is missed, and stops at a limit. */
import type { ServerEvent } from './events.ts';
import { type LiveMessage, tapLine } from './tap-line.ts';

export interface PrinterOptions {
  readonly format: 'table' | 'json';
  readonly limit?: number;
}

/** Between two lines that say what was missed, milliseconds. */
const missedEveryMs = 1000;

export class TapPrinter {
  shown = 0;
  missed = 0;
  readonly #options: PrinterOptions;
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #bridges = new Set<string>();
  /** Missed since that was said. */
  #unsaid = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(options: PrinterOptions, out: NodeJS.WriteStream, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#out = out;
    this.#now = now;
  }

  get full(): boolean {
    return this.shown >= (this.#options.limit ?? Number.POSITIVE_INFINITY);
  }

  /** Returns why the server ends it, if it does. Throws for what is no JSON. */
  take({ event, data }: ServerEvent): string | undefined {
    const content = JSON.parse(data) as object;
    if (event === 'message') this.#print(content as LiveMessage);
    else if (event === 'missed') this.#miss((content as { missed: number }).missed);
    else if (event === 'end') return (content as { reason: string }).reason;
    return undefined;
  }

  /** What there was in all. */
  get summary(): string {
    const messages = this.shown === 1 ? '1 message shown' : `${this.shown} messages shown`;
    return this.missed === 0
      ? messages
      : `${messages}, ${this.missed} missed: there were more than are shown in a second`;
  }

  #print(message: LiveMessage): void {
    if (this.full) return;
    this.shown++;
    this.#bridges.add(message.bridge);
    if (this.#options.format === 'json') {
      this.#out.write(`${JSON.stringify(message)}\n`);
      return;
    }
    const columns = this.#out.isTTY ? this.#out.columns : undefined;
    this.#out.write(`${tapLine(message, { bridges: this.#bridges.size > 1, columns })}\n`);
  }

  #miss(count: number): void {
    this.missed += count;
    this.#unsaid += count;
    if (this.#options.format === 'json' || this.full || this.#now() - this.#saidAt < missedEveryMs) return;
    this.#out.write(`... ${this.#unsaid} more were not shown\n`);
    this.#saidAt = this.#now();
    this.#unsaid = 0;
  }
}
