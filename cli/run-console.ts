/**
 * What a person at a terminal sees of `mkb run`: events as they happen, below them a line of rates that is rewritten each second, and at the end
 * what became of all messages. A program gets JSON lines and nothing else.
 */
import type { BridgeFigures } from '../bridge/observe/figures.ts';
import type { Logger } from '../bridge/observe/log.ts';
import { LiveLine } from '../demo/terminal/live-line.ts';
import { FlowMeter, flowTotals } from './flow-meter.ts';
import { isText, type LogOptions, openLog } from './open-log.ts';
import { summaryLine } from './run-summary.ts';

type Shown = Pick<BridgeFigures, 'name' | 'sources'>;

export class RunConsole {
  readonly log: Logger;
  /** Undefined where there is no line to rewrite. */
  readonly #line: LiveLine | undefined;
  readonly #isText: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogOptions) {
    this.#isText = isText(options);
    this.#line = this.#isText && process.stderr.isTTY ? new LiveLine(process.stderr) : undefined;
    this.log = openLog(options, write => this.aside(write));
  }

  /** Writes something where the live line stands, which comes again below it. */
  aside(write: () => void): void {
    if (this.#line) this.#line.aside(write);
    else write();
  }

  /** Begins to show rates. */
  watch(bridges: readonly Shown[]): void {
    const line = this.#line;
    if (line === undefined) return;
    const meter = new FlowMeter(
      () => bridges,
      () => performance.now(),
    );
    this.#timer = setInterval(() => line.show(meter.sample()), 1000).unref();
  }

  /** Shows rates no more, and sums up. */
  end(bridges: readonly Shown[]): void {
    clearInterval(this.#timer);
    this.#line?.clear();
    if (!this.#isText) return;
    for (const bridge of bridges) process.stderr.write(`${summaryLine(bridge.name, flowTotals([bridge]))}\n`);
  }
}
