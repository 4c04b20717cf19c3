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
import { type Wait, Waiting } from './waiting.ts';
import type { WindowRows } from './window-rows.ts';

/** How many events may wait, and bytes of their payloads. */
const longestQueue = 1000;
const mostBytes = 8 * 1024 * 1024;

/** An event on its way through the rules that ask for it. */
interface Current {
  readonly event: BridgeEvent;
  readonly rules: readonly BoundRule[];
  at: number;
  rows: ReturnType<WindowRows['rowsOf']> | undefined;
}

export class EventFeed {
  /** Events that found the queue full. */
  forgotten = 0;
  readonly #rows: WindowRows;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #listeners = new Map<EventName, BoundRule[]>();
  readonly #queue: BridgeEvent[] = [];
  #queuedBytes = 0;
  #current: Current | undefined;
  readonly #waiting = new Waiting();
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
    if (this.#queue.length >= longestQueue || this.#queuedBytes >= mostBytes) {
      this.forgotten++;
      return;
    }
    const happening = facts();
    const { payload } = happening;
    // Bytes are a view into what is used again.
    const kept = payload && Buffer.from(payload);
    this.#queuedBytes += kept?.length ?? 0;
    const json = () => decodeJson(kept ?? Buffer.alloc(0));
    this.#queue.push({ ...happening, payload: kept, event, timestamp: this.#clock.now(), json });
    this.#schedule();
  }

  /** There is room for records again. */
  resume(): void {
    this.#waiting.room();
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Bytes of payloads that wait. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Hands all over at once, whether or not there is room; an event that has to wait for something else is forgotten. */
  stop(): void {
    this.#handOver(() => false, true);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (!this.#waiting.active) this.#handOver(() => this.#rows.full, false);
  }

  #handOver(isFull: () => boolean, isLast: boolean): void {
    for (let current = this.#next(isFull); current !== undefined; current = this.#next(isFull)) {
      const wait = this.#apply(current, isFull);
      if (wait === undefined) this.#current = undefined;
      else if (!isLast) {
        this.#waiting.begin(wait, () => this.#goOn());
        break;
      } else if (wait !== 'turn') {
        this.#current = undefined;
        this.forgotten++;
      }
    }
    this.#rows.written();
  }

  #next(isFull: () => boolean): Current | undefined {
    if (this.#current !== undefined || this.#queue.length === 0 || isFull()) return this.#current;
    const event = this.#queue.shift()!;
    this.#queuedBytes -= event.payload?.length ?? 0;
    this.#current = { event, rules: this.#listeners.get(event.event)!, at: 0, rows: undefined };
    return this.#current;
  }

  /** Applies the rules that are left. Returns what one of them waits for. */
  #apply(current: Current, isFull: () => boolean): Wait | undefined {
    for (; current.at < current.rules.length; current.at++) {
      const rule = current.rules[current.at]!;
      current.rows ??= this.#rows.rowsOf(rule, current.event);
      const wait = this.#rows.event(rule, current.event, current.rows, isFull);
      if (wait !== undefined) return wait;
      current.rows = undefined;
    }
    return undefined;
  }
}
