/**
 * The demo's figures in a terminal: one line that is rewritten, or a plain line every five seconds where the output is no terminal.
 *
 * Whatever else is written meanwhile goes through `aside`, so that it stands above the live line and not in it.
 */
import { styleText } from 'node:util';
import type { Figures } from '../meter.ts';

const plainEverySeconds = 5;

export class LiveLine {
  readonly #out: NodeJS.WriteStream;
  readonly #live: boolean;
  #shown = '';
  #seconds = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#live = out.isTTY === true;
  }

  /** Shows new figures; to be called once a second. */
  show(figures: Figures): void {
    this.#seconds++;
    if (this.#live) this.#rewrite(`  ${figuresLine(figures)}`);
    else if (this.#seconds % plainEverySeconds === 0) this.#out.write(`${figuresLine(figures)}\n`);
  }

  /** Lets something else be written where the live line stands, which comes again below it. */
  aside(write: () => void): void {
    const shown = this.#shown;
    this.clear();
    write();
    if (shown !== '') this.#rewrite(shown);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown !== '') this.#out.write('\r\x1b[K');
    this.#shown = '';
  }

  #rewrite(text: string): void {
    this.#shown = text;
    this.#out.write(`\r\x1b[K${styleText('bold', text.slice(0, Math.max(20, this.#out.columns - 1)))}`);
  }
}

const figuresLine = ({ received, delivered, inFlight, deadLettered, dropped, rates, latency }: Figures): string =>
  [
    `${received} in`,
    `${delivered} delivered`,
    `${rates.delivered.toFixed(1)}/s`,
    latency ? `p50 ${milliseconds(latency.p50Ms)}, p99 ${milliseconds(latency.p99Ms)}` : 'no delivery yet',
    `${inFlight} in flight`,
    ...(deadLettered > 0 ? [`${deadLettered} dead-lettered`] : []),
    ...(dropped > 0 ? [`${dropped} dropped`] : []),
  ].join('   ');

/** A latency as a person reads it: `6.2 ms`, `140 ms`. */
export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
