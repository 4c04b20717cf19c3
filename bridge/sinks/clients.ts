/**
 * The MQTT sink of a bridge that is the MQTT server itself: messages go to the clients that subscribe to their topics.
 *
 * A message is delivered when each of these has it (listen/outbox.ts). One that nobody subscribes to is delivered, and counted as unheard, as
 * with any MQTT server.
 */
import { randomBytes } from 'node:crypto';
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import type { Rule } from '../../rules/rule.ts';
import type { Sink, SinkHandler } from '../flow/sink.ts';
import type { Place } from '../listen/journal/entries.ts';
import type { Held } from '../listen/outbox.ts';
import type { Sessions } from '../listen/sessions.ts';
import { Countdown, type Publication } from '../mqtt/publisher/publication.ts';
import { MqttWriter, type Publish } from './mqtt-writer.ts';
import { SinkPlaces } from './record-places.ts';

export interface ClientsSinkOptions {
  /** Who the bridge is. */
  readonly bridge: string;
  readonly sessions: Sessions;
  /** Above this many bytes of messages that are not delivered, `full` becomes true. */
  readonly maxBytes: number;
}

interface Sent extends Held {
  readonly token: number;
  readonly topic: string;
  readonly bytes: number;
  /** Its time was over before it could be sent. */
  readonly expired: boolean;
  unheard: boolean;
}

const overhead = 300;

export class ClientsSink implements Sink {
  readonly #options: ClientsSinkOptions;
  readonly #instance = randomBytes(4).toString('hex');
  readonly #writers: MqttWriter[] = [];
  readonly #places = new SinkPlaces();
  readonly #sent = new Set<Sent>();
  /** Those that everybody has. */
  #due: Sent[] = [];
  #handler!: SinkHandler;
  bufferedBytes = 0;

  constructor(options: ClientsSinkOptions) {
    this.#options = options;
    options.sessions.released = held => this.#released(held as Sent);
  }

  /** Who hears what became of tokens. Call once, before the first row. */
  use(handler: SinkHandler): void {
    this.#handler = handler;
  }

  /** The sink of a rule. Throws as `MqttWriter`. */
  bind(document: MqttSinkDocument, name: string, rule: Rule): MqttWriter {
    const provenance = { bridge: this.#options.bridge, rule: name, instance: this.#instance };
    const places = this.#places.next(name, rule);
    const publish: Publish = (publication, token, _lane, origin) =>
      this.#publish(publication, token, places.of(origin));
    const writer = new MqttWriter(document, rule, publish, provenance);
    this.#writers.push(writer);
    return writer;
  }

  /** Trace headers that were left out of messages. */
  get tracesOmitted(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.tracesOmitted, 0);
  }

  /** Other headers that were left out. */
  get headersOmitted(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.headersOmitted, 0);
  }

  get full(): boolean {
    return this.bufferedBytes > this.#options.maxBytes;
  }

  get hasRoom(): boolean {
    return this.bufferedBytes <= 0.75 * this.#options.maxBytes;
  }

  readEnd(): void {}

  sendNow(): void {}

  flush(): void {}

  withdraw(isGone: (token: number) => boolean): void {
    for (const sent of this.#sent) {
      if (!isGone(sent.token)) continue;
      sent.withdrawn = true;
      this.#handler.dropped(this.#back(sent));
    }
  }

  waiting(isOf: (token: number) => boolean): string | undefined {
    for (const { token, topic } of this.#sent)
      if (isOf(token)) return `clients that subscribe to ${topic} to acknowledge it`;
    return undefined;
  }

  /** When the sessions are here that there were: before that a record would find nobody. */
  async start(): Promise<void> {
    await this.#options.sessions.ready;
  }

  missing(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}

  #publish(publication: Publication, token: number, place: Place | undefined): void {
    const bytes = overhead + publication.topic.length + publication.payload.length;
    const expired = isOver(publication);
    const sent: Sent = {
      token,
      topic: publication.topic,
      bytes,
      expired,
      unheard: false,
      waiting: 1,
      withdrawn: false,
    };
    this.#sent.add(sent);
    this.bufferedBytes += bytes;
    const { sessions } = this.#options;
    // A session that was written has it, though its offset was not committed.
    const isRepeated = place !== undefined && sessions.isRepeated(place);
    if (!expired && !isRepeated)
      sent.unheard = sessions.publish(publication.topic, () => publication, sent, undefined, place) === 0;
    sessions.release(sent);
  }

  #released(sent: Sent): void {
    if (sent.withdrawn) return;
    this.#due.push(sent);
    if (this.#due.length === 1) setImmediate(() => this.#report());
  }

  /** In a turn of its own: a token never comes back while its row is written. */
  #report(): void {
    const due = this.#due.splice(0).filter(({ withdrawn }) => !withdrawn);
    for (const { unheard, token } of due) if (unheard) this.#handler.unheard(token);
    for (const sent of due) if (sent.expired) this.#handler.expired(this.#back(sent));
    this.#handler.delivered(due.filter(({ expired }) => !expired).map(sent => this.#back(sent)));
    this.#handler.settled();
  }

  #back(sent: Sent): number {
    this.#sent.delete(sent);
    this.bufferedBytes -= sent.bytes;
    return sent.token;
  }
}

function isOver({ expiry }: Publication): boolean {
  if (expiry === undefined) return false;
  const [now, elapsed] = [Date.now(), performance.now()];
  return new Countdown(expiry, now, elapsed).secondsLeft(now, elapsed) === 0;
}
