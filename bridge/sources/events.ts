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
import type { Input, Origin } from '../../rules/rule.ts';
import type { Clock } from '../clock.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Route, Source } from '../flow/source.ts';
import type { ProducerRecord } from '../kafka/record.ts';

/** How many events may wait, and bytes of their payloads. */
const longestQueue = 1000;
const mostBytes = 8 * 1024 * 1024;
const nothing = Buffer.alloc(0);

export class EventsSource implements Source {
  readonly name = 'events';
  readonly account = new Account();
  readonly starved = false;
  /** Events that found the queue full. */
  forgotten = 0;
  /** Bytes of payloads that wait. */
  queuedBytes = 0;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #routes = new Map<EventName, Route[]>();
  readonly #queue: BridgeEvent[] = [];
  #intake: Intake | undefined;
  #scheduled = false;

  constructor(rules: readonly BoundRule[], clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    for (const rule of rules)
      for (const name of new Set(rule.events))
        this.#routes.set(name, [...(this.#routes.get(name) ?? []), { rule, captures: [] }]);
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

  /** Events wait in the queue: none is handed over before `resume`, since there is no room. */
  pause(): void {}

  resume(): void {
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Nobody waits to hear that an event is safe. */
  settle(): void {}

  acknowledge(): void {}

  copy(message: Input): Input {
    return message;
  }

  remember(message: Origin, slot: number, settlement: Settlement<Source>): void {
    settlement.keep(slot, message, (message as BridgeEvent).payload?.length ?? 0);
  }

  keep(): void {
    // It is kept already.
  }

  /** The record that could not be written or, if there is none, what is known of the event; its payload may be any bytes. */
  remains({ kept }: Remembered, _rule: BoundRule | undefined, record?: ProducerRecord): Remains {
    if (record) return { key: record.key, value: record.value };
    const { json: _json, payload, ...facts } = kept as BridgeEvent;
    const text = JSON.stringify({ ...facts, ...(payload && { payload_base64: payload.toString('base64') }) });
    return { key: undefined, value: Buffer.from(text) };
  }

  async start(intake: Intake): Promise<void> {
    this.#intake = intake;
    if (this.#queue.length > 0) this.#schedule();
  }

  missing(): readonly string[] {
    return [];
  }

  /** Hands all over at once, whether or not there is room. What cannot go on then is forgotten. */
  stop(): void {
    this.#handOver(() => false);
    this.forgotten += this.#queue.length;
    this.#queue.length = 0;
  }

  async close(): Promise<void> {}

  #schedule(): void {
    if (this.#scheduled || this.#intake === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#handOver(intake => !intake.hasRoom());
    });
  }

  #handOver(mustWait: (intake: Intake) => boolean): void {
    const intake = this.#intake;
    if (intake === undefined) return;
    while (this.#queue.length > 0 && !mustWait(intake) && !intake.waiting) {
      const event = this.#queue.shift()!;
      this.queuedBytes -= event.payload?.length ?? 0;
      intake.message(event, 0, this.#routes.get(event.event)!);
    }
    intake.readEnd();
  }
}
