/**
 * What happens to the bridge, as a source for the rules that ask for it.
 *
 * Events wait in a short queue: they are raised in the middle of other things (a batch was refused, a connection broke), and handed over in
 * a turn of their own. While a sink does not keep up, they wait there; when the queue is full, new ones are counted and forgotten, because
 * whatever goes wrong a thousand times must not fill the memory as well. What nobody asks for is not even made. An event that fails raises
 * none, so no event can lead to another.
 */
import type { BridgeEvent, EventName, Happening } from '../../rules/events.ts';
import { decodeJson } from '../../rules/json.ts';
import type { Origin } from '../../rules/rule.ts';
import type { Clock } from '../clock.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Intake, Route } from '../flow/source.ts';
import { InnerSource } from './inner-source.ts';

/** How many events may wait, and bytes of their payloads. */
const longestQueue = 1000;
const mostBytes = 8 * 1024 * 1024;
const nothing = Buffer.alloc(0);

export class EventsSource extends InnerSource {
  readonly name = 'events';
  /** Events that found the queue full. */
  forgotten = 0;
  /** Bytes of payloads that wait. */
  queuedBytes = 0;
  readonly #clock: Pick<Clock, 'now'>;
  #routes: ReadonlyMap<EventName, readonly Route[]> = new Map();
  readonly #queue: BridgeEvent[] = [];
  #scheduled = false;

  constructor(rules: readonly BoundRule[], clock: Pick<Clock, 'now'>) {
    super();
    this.#clock = clock;
    this.use(rules);
  }

  /** Events go through these rules from now on, those that wait too. */
  use(rules: readonly BoundRule[]): void {
    const routes = new Map<EventName, Route[]>();
    for (const rule of rules)
      for (const name of new Set(rule.events)) routes.set(name, [...(routes.get(name) ?? []), { rule, captures: [] }]);
    this.#routes = routes;
  }

  /** Something happened. `facts` is asked only if a rule wants to know. */
  raise(event: EventName, facts: () => Happening): void {
    if (!this.#routes.has(event)) return;
    if (this.#queue.length >= longestQueue || this.queuedBytes >= mostBytes) {
      this.forgotten++;
      return;
    }
    const happening = facts();
    // Bytes are a view into what is used again.
    const payload = happening.payload && Buffer.from(happening.payload);
    this.queuedBytes += payload?.length ?? 0;
    const json = () => decodeJson(payload ?? nothing);
    this.#queue.push({ ...happening, payload, event, timestamp: this.#clock.now(), json });
    this.#schedule();
  }

  resume(): void {
    if (this.#queue.length > 0) this.#schedule();
  }

  override bytesOf(message: Origin): number {
    return (message as BridgeEvent).payload?.length ?? 0;
  }

  /** Its payload may be any bytes. */
  protected factsOf(kept: unknown): Buffer {
    const { json: _json, payload, ...facts } = kept as BridgeEvent;
    return Buffer.from(JSON.stringify({ ...facts, ...(payload && { payload_base64: payload.toString('base64') }) }));
  }

  override async start(intake: Intake): Promise<void> {
    await super.start(intake);
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Hands all over at once, whether or not there is room. What cannot go on then is forgotten. */
  stop(): void {
    this.#handOver(() => false);
    this.forgotten += this.#queue.length;
    this.#queue.length = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.intake === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#handOver(intake => !intake.hasRoom());
    });
  }

  #handOver(mustWait: (intake: Intake) => boolean): void {
    const intake = this.intake;
    if (intake === undefined) return;
    while (this.#queue.length > 0 && !mustWait(intake) && !intake.waiting) {
      const event = this.#queue.shift()!;
      this.queuedBytes -= event.payload?.length ?? 0;
      intake.message(event, 0, this.#routes.get(event.event) ?? []);
    }
    intake.readEnd();
  }
}
