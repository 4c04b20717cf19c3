/**
 * What happens to the bridge, on its way to the rules that ask for it.
 *
 * Events wait in a short queue: they are raised in the middle of other things (a batch was refused, a connection broke), and handed over in
 * a turn of their own. While Kafka does not keep up, they wait there; when the queue is full, new ones are counted and forgotten, because
 * whatever goes wrong a thousand times must not fill the memory as well. What nobody asks for is not even made.
 */
import type { BridgeEvent, EventName, Happening } from '../../rules/events.ts';
import { decodeJson } from '../../rules/json.ts';
import type { Clock } from '../clock.ts';
import type { BoundRule } from './bound-rule.ts';
import type { WindowRows } from './window-rows.ts';

/** How many events may wait. */
const longestQueue = 1000;

export class EventFeed {
  /** Events that found the queue full. */
  forgotten = 0;
  readonly #rows: WindowRows;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #listeners = new Map<EventName, BoundRule[]>();
  readonly #queue: BridgeEvent[] = [];
  #scheduled = false;

  constructor(rules: readonly BoundRule[], rows: WindowRows, clock: Pick<Clock, 'now'>) {
    this.#rows = rows;
    this.#clock = clock;
    for (const rule of rules) {
      for (const name of new Set(rule.events)) this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), rule]);
    }
  }

  /** Something happened. `facts` is asked only if a rule wants to know. */
  raise(event: EventName, facts: () => Happening): void {
    if (!this.#listeners.has(event)) return;
    if (this.#queue.length >= longestQueue) {
      this.forgotten++;
      return;
    }
    const happening = facts();
    const { payload } = happening;
    // Bytes are a view into what is used again.
    const kept = payload && Buffer.from(payload);
    const json = () => decodeJson(kept ?? Buffer.alloc(0));
    this.#queue.push({ ...happening, payload: kept, event, timestamp: this.#clock.now(), json });
    this.#schedule();
  }

  /** There is room for records again. */
  resume(): void {
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Hands all over at once, whether or not there is room. */
  stop(): void {
    this.#handOver(() => false);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#handOver(() => this.#rows.full);
    });
  }

  #handOver(full: () => boolean): void {
    while (this.#queue.length > 0 && !full()) {
      const event = this.#queue.shift()!;
      for (const rule of this.#listeners.get(event.event)!) this.#rows.event(rule, event);
    }
    this.#rows.written();
  }
}
