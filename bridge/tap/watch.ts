/**
 * Somebody who watches messages go by. What they have not taken yet waits in a short queue; what finds it full is missed and counted, so that nobody who reads slowly
 * holds anything up. They are woken outside of the flow, and what goes wrong there is theirs alone.
 */
import { filterMatches } from '../../rules/topic-filter.ts';
import { Credit } from './credit.ts';
import type { TappedMessage } from './tapped-message.ts';

export interface WatchOptions {
  /** Messages whose topic an MQTT filter matches: the topic that they came with or, at a sink, go to. */
  readonly filter?: string | undefined;
  /** How many messages a second are shown of each point, 1 to 1000; 100 when left out. */
  readonly perSecond?: number | undefined;
  /** How many bytes are shown of a payload, a key or a row, up to 65,536; 1024 when left out. */
  readonly maxBytes?: number | undefined;
}

export interface Taken {
  readonly messages: readonly TappedMessage[];
  /** Since the last time: messages that were not shown because there were too many. */
  readonly missed: number;
}

/** A message at a point, as long as it is there. */
export interface Passing {
  readonly point: string;
  /** What a filter is compared with. */
  readonly topics: () => readonly (string | undefined)[];
  /** A copy. @param maxBytes of each part */
  readonly show: (maxBytes: number) => TappedMessage;
}

const queueLength = 1000;
const queueChars = 1024 * 1024;

export class Watch {
  /** Why it is over; undefined while it goes on. */
  ended: string | undefined;
  missedInAll = 0;
  readonly #maxBytes: number;
  readonly #filter: string | undefined;
  /** Of each point. */
  readonly #rates: ReadonlyMap<string, Credit>;
  readonly #wake: () => void;
  readonly #closed: (watch: Watch) => void;
  #queue: TappedMessage[] = [];
  #queuedChars = 0;
  #missed = 0;
  #woken = false;

  /**
   * @param wake called when there is something to take, or the end
   * @param closed called once
   */
  constructor(
    points: readonly string[],
    { filter, perSecond = 100, maxBytes = 1024 }: WatchOptions,
    wake: () => void,
    closed: (watch: Watch) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#filter = filter;
    this.#rates = new Map(points.map(point => [point, new Credit(perSecond / 1000, perSecond)]));
    this.#wake = wake;
    this.#closed = closed;
  }

  /** A message is at a point. @param now milliseconds of a clock that nobody sets */
  offer(now: number, { point, topics, show }: Passing): void {
    try {
      const filter = this.#filter;
      if (filter !== undefined && !topics().some(topic => topic !== undefined && filterMatches(filter, topic))) return;
      if (!this.#rates.get(point)!.has(now) || this.#queue.length >= queueLength || this.#queuedChars >= queueChars)
        this.miss();
      else this.#add(point, show(this.#maxBytes));
    } catch (error) {
      this.close(`it cannot be shown: ${String(error)}`);
    }
  }

  miss(): void {
    this.#missed++;
    this.missedInAll++;
  }

  /** What waits. */
  take(): Taken {
    const taken = { messages: this.#queue, missed: this.#missed };
    this.#queue = [];
    this.#queuedChars = 0;
    this.#missed = 0;
    return taken;
  }

  /** @param reason why, for those who watch */
  close(reason = 'it was closed'): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.#closed(this);
    this.#wakeSoon();
  }

  #add(point: string, message: TappedMessage): void {
    this.#rates.get(point)!.use(1);
    this.#queue.push(message);
    this.#queuedChars += sizeOf(message);
    this.#wakeSoon();
  }

  #wakeSoon(): void {
    if (this.#woken) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      try {
        this.#wake();
      } catch (error) {
        this.close(String(error));
      }
    });
  }
}

/** Characters that it holds, roughly. */
function sizeOf({ key, payload, row, headers = [] }: TappedMessage): number {
  const ofHeaders = headers.reduce((sum, { name, value }) => sum + name.length + charsOf(value), 0);
  return 300 + ofHeaders + charsOf(key) + charsOf(payload) + charsOf(row);
}

const charsOf = (shown: TappedMessage['key']): number => (shown?.text ?? shown?.base64 ?? '').length;
