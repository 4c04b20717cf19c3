/**
 * What `mkb simulate` shows while it runs: one line that is rewritten on a terminal, and otherwise a line when something happens and
 * every ten seconds.
 */
import { styleText } from 'node:util';
import type { Fleet } from '../demo/vehicles/fleet.ts';
import type { FleetOptions, FleetSummary } from '../demo/vehicles/options.ts';

const plainEverySeconds = 10;

export class FleetReport {
  readonly #fleet: Fleet;
  readonly #out: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout;
  readonly #live: boolean;
  readonly #acknowledges: boolean;
  #seconds = 0;
  #published = 0;
  #ready = false;
  #lost = 0;
  #away = false;

  constructor(fleet: Fleet, options: FleetOptions, out: NodeJS.WriteStream) {
    this.#fleet = fleet;
    this.#out = out;
    this.#live = out.isTTY === true;
    this.#acknowledges = options.qos !== 0;
    this.#line(`Connecting ${fleet.size} vehicles to ${options.url}`);
    this.#timer = setInterval(() => this.#tick(), 1000);
    fleet.ready.then(
      () => this.#allConnected(),
      () => {},
    );
  }

  /** Ends the reporting, and leaves the cursor on an empty line. */
  stop(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #allConnected(): void {
    this.#ready = true;
    if (this.#fleet.met < this.#fleet.size) return;
    this.#line(`All ${this.#fleet.size} vehicles are connected. Ctrl-C ends.`);
  }

  #tick(): void {
    this.#seconds++;
    this.#tellLosses();
    const { counters, connected, size, met } = this.#fleet;
    const rate = counters.published - this.#published;
    this.#published = counters.published;
    const due = this.#live || !this.#ready || this.#seconds % plainEverySeconds === 0;
    if (!due) return;
    const parts = [
      `${this.#ready ? connected : met} of ${size} connected`,
      `${counters.published} published`,
      ...(this.#acknowledges ? [`${counters.acknowledged} acknowledged`] : []),
      `${rate}/s`,
      ...(this.#ready || met > 0 ? [] : [`last answer: ${this.#fleet.lastReason}`]),
    ];
    this.#show(parts.join('  '));
  }

  #tellLosses(): void {
    const { counters, connected, size, lastReason } = this.#fleet;
    const lost = counters.lost - this.#lost;
    this.#lost = counters.lost;
    if (lost > 0) {
      this.#away = true;
      this.#line(`${lost} ${lost === 1 ? 'vehicle' : 'vehicles'} lost the connection: ${lastReason}. Reconnecting.`);
    }
    if (!this.#away || connected < size) return;
    this.#away = false;
    this.#line('Every vehicle is connected again.');
  }

  #show(text: string): void {
    if (!this.#live) this.#out.write(`${text}\n`);
    else this.#out.write(`\r\x1b[K${styleText('dim', text.slice(0, this.#out.columns - 1))}`);
  }

  #line(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#live) this.#out.write('\r\x1b[K');
  }
}

/** What a fleet has done, for people. */
export const summaryLines = (summary: FleetSummary, qos: 0 | 1 | 2): string[] => {
  const { published, acknowledged, refused, unacknowledged, malformed, bursts, dropouts, lost, skipped, seconds } =
    summary;
  const rate = seconds > 0 ? Math.round(published / seconds) : 0;
  const answers = qos === 0 ? 'QoS 0 is not acknowledged' : `acknowledged ${acknowledged}`;
  const some = (count: number, text: string): string[] => (count > 0 ? [text] : []);
  return [
    `published ${published}, ${answers}, ${rate} messages/s over ${seconds.toFixed(1)} s`,
    ...some(refused, `refused by the server: ${refused}`),
    ...some(unacknowledged, `without an answer: ${unacknowledged}`),
    ...some(malformed, `malformed on purpose: ${malformed}`),
    ...some(bursts, `bursts: ${bursts}`),
    ...some(dropouts, `dropouts on purpose: ${dropouts}`),
    ...some(lost, `connections lost: ${lost}`),
    ...some(skipped.disconnected, `turns missed while disconnected: ${skipped.disconnected}`),
    ...some(skipped.window, `turns missed because the server was slow: ${skipped.window}`),
    ...some(skipped.late, `turns missed because this machine was slow: ${skipped.late}`),
  ];
};
