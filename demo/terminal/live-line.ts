/**
 * Figures in a terminal: one line that is rewritten, or a plain line every five seconds where the output is no terminal.
 *
 * Whatever else is written meanwhile goes through `aside`, so that it stands above the live line and not in it.
 */
import { styleText } from 'node:util';

const plainEverySeconds = 5;

/** What the line says, in messages. */
export interface LineFigures {
  readonly received: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly inFlight: number;
  /** Messages a second. */
  readonly rates: { readonly delivered: number };
  /** From receipt to acknowledgement; undefined without messages. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined;
}

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
  show(figures: LineFigures): void {
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
    const line = text.slice(0, Math.max(20, this.#out.columns - 1));
    const bold = this.#out.hasColors?.() ? styleText('bold', line, { validateStream: false }) : line;
    this.#out.write(`\r\x1b[K${bold}`);
  }
}

const figuresLine = ({ received, delivered, inFlight, deadLettered, dropped, rates, latency }: LineFigures): string =>
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
