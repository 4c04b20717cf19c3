/** The MQTT sink: one publisher, for the messages of all rules. */
import { randomBytes } from 'node:crypto';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import { durationMs } from '../../api/units.ts';
import type { Rule } from '../../rules/rule.ts';
import type { Fate } from '../flow/fate.ts';
import type { Sink, SinkHandler } from '../flow/sink.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import type { Publication } from '../mqtt/publisher/publication.ts';
import { Publisher } from '../mqtt/publisher/publisher.ts';
import type { PublisherOptions } from '../mqtt/publisher/publisher-options.ts';
import { because } from '../observe/because.ts';
import { Answers } from './answers.ts';
import { InTurn } from './in-turn.ts';
import { MqttWriter, type Publish } from './mqtt-writer.ts';

export interface MqttSinkOptions {
  /** Who the bridge is to its brokers. */
  readonly bridge: string;
  readonly publisher: PublisherOptions;
  /** Above this many bytes of messages, those under way included, `full` becomes true. */
  readonly maxBytes: number;
}

export interface MqttSinkEvents {
  connected(url: string): void;
  /** A connection was lost or could not be made, or something else failed that is retried. */
  problem(error: MkbError): void;
  /** The publisher has stopped: a person has to change something. */
  stopped(error: MkbError): void;
}

/** A message on its way. */
interface Sent {
  readonly token: number;
  readonly bytes: number;
  readonly lane: string;
  readonly topic: string;
  /** Whether somebody wants to know what becomes of it, and how long an answer is waited for. */
  readonly asks: Asks | undefined;
  /** Of a sink that sends one after the other. */
  readonly turn: InTurn<Sent> | undefined;
}

interface Asks {
  readonly withinMs: number | undefined;
}

export class MqttSink implements Sink {
  readonly #options: MqttSinkOptions;
  readonly #events: MqttSinkEvents;
  readonly #publisher: Publisher<Sent>;
  readonly #instance = randomBytes(4).toString('hex');
  readonly #started = Promise.withResolvers<void>();
  readonly #writers: MqttWriter[] = [];
  readonly #turns: InTurn<Sent>[] = [];
  readonly #answers = new Answers<Sent>({
    answered: (sent, answer) => this.#done(sent, { outcome: 'answered', answer }),
    late: sent => {
      this.#done(sent, { outcome: 'too_late', reason: `no answer came within ${sent.asks!.withinMs} ms` });
      this.#handler.settled();
    },
  });
  #handler!: SinkHandler;
  /** Connections to the server that were made. */
  connections = 0;
  bufferedBytes = 0;
  /** Why the publisher is not let in, where only a person can change it. */
  refusal: MkbError | undefined;

  constructor(options: MqttSinkOptions, events: MqttSinkEvents) {
    this.#options = options;
    this.#events = events;
    // Whoever waits for the start hears of a rejection; until then it is not an unhandled one.
    this.#started.promise.catch(() => undefined);
    this.#publisher = new Publisher(options.publisher, {
      laneOf: ({ lane }) => lane,
      retryOf: ({ token }) => this.#handler.retryOf(token),
      receivedAt: ({ token }) => this.#handler.receivedAt(token),
      published: (sent, heard) => this.#published(sent, heard),
      failed: (sent, error) => {
        this.#handler.failed(this.#back(sent, { outcome: 'refused', reason: error.message }), error);
        sent.turn?.over(sent);
      },
      expired: sent => {
        this.#handler.expired(this.#back(sent, { outcome: 'too_late', reason: 'its expiry was over' }));
        sent.turn?.over(sent);
      },
      dropped: sent => {
        this.#handler.dropped(this.#back(sent));
        sent.turn?.over(sent);
      },
      answer: message => this.#answer(message),
      settled: () => this.#handler.settled(),
      connected: url => {
        this.connections++;
        this.refusal = undefined;
        events.connected(url);
        this.#started.resolve();
      },
      disconnected: error => {
        this.refusal = error.kind === 'permanent' ? error : undefined;
        events.problem(error);
      },
      problem: error => events.problem(error),
      stopped: error => {
        this.#started.reject(error);
        events.stopped(error);
      },
    });
  }

  /** Who hears what became of tokens. Call once, before the first row. */
  use(handler: SinkHandler): void {
    this.#handler = handler;
  }

  /** The sink of a rule. Throws as `MqttWriter`. */
  bind(document: MqttSinkDocument, name: string, rule: Rule): MqttWriter {
    const { outcome } = document;
    const within = outcome?.answerWithin;
    const asks = outcome && { withinMs: within === undefined ? undefined : durationMs(within) };
    const provenance = { bridge: this.#options.bridge, rule: name, instance: this.#instance };
    const turn = document.queryMode === 'sync' ? new InTurn<Sent>() : undefined;
    if (turn !== undefined) this.#turns.push(turn);
    const publish: Publish = (publication, token, lane) => this.#publish(publication, token, lane, { asks, turn });
    const writer = new MqttWriter(document, rule, publish, provenance);
    this.#writers.push(writer);
    return writer;
  }

  get connected(): boolean {
    return this.#publisher.connected;
  }

  /** Trace headers that were left out of messages. */
  get tracesOmitted(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.tracesOmitted, 0);
  }

  /** Messages that wait for an answer, or are on their way and will. */
  get answersWaiting(): number {
    return this.#answers.size;
  }

  /** Answers that came too late, twice, or to nothing that was asked. */
  get answersUnexpected(): number {
    return this.#answers.unexpected;
  }

  /** Other headers that were left out. */
  get headersOmitted(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.headersOmitted, 0);
  }

  get full(): boolean {
    return this.bufferedBytes > this.#options.maxBytes || this.#answers.size >= this.#options.publisher.window;
  }

  get hasRoom(): boolean {
    const { maxBytes, publisher } = this.#options;
    return this.bufferedBytes <= 0.75 * maxBytes && this.#answers.size <= 0.75 * publisher.window;
  }

  readEnd(): void {
    // The publisher sends at the end of the turn by itself.
  }

  sendNow(): void {}

  flush(): void {}

  withdraw(isGone: (token: number) => boolean): void {
    // First those that wait for their turn: the publisher may let go of the one before them at once, and would be given the next.
    for (const turn of this.#turns)
      for (const sent of turn.forget(({ token }) => isGone(token))) this.#handler.dropped(this.#back(sent));
    this.#publisher.forget(({ token }) => isGone(token));
    for (const sent of this.#answers.find(({ token }) => isGone(token))) this.#handler.dropped(this.#back(sent));
  }

  waiting(isOf: (token: number) => boolean): string | undefined {
    const [asked] = this.#answers.find(({ token }) => isOf(token));
    if (asked) return `an answer to a message to ${asked.topic}`;
    for (const turn of this.#turns)
      if (turn.find(({ token }) => isOf(token)))
        return 'the MQTT broker to acknowledge the message of its sink before it';
    return this.#publisher.waiting(({ token }) => isOf(token));
  }

  async start(): Promise<void> {
    this.#publisher.start();
    await this.#started.promise;
  }

  missing(): readonly string[] {
    return this.connected ? [] : [`the publisher is not connected to MQTT${because(this.refusal)}`];
  }

  async close(limitMs: number): Promise<void> {
    this.#answers.close();
    await this.#publisher.close(limitMs);
    this.#started.resolve();
  }

  #publish(publication: Publication, token: number, lane: string, ofSink: Pick<Sent, 'asks' | 'turn'>): void {
    const bytes = memoryOf(publication);
    this.bufferedBytes += bytes;
    const sent: Sent = { token, bytes, lane, topic: publication.topic, ...ofSink };
    if (sent.turn === undefined) this.#send(publication, sent);
    else sent.turn.add(sent, () => this.#send(publication, sent));
  }

  #send(publication: Publication, sent: Sent): void {
    const { asks } = sent;
    const { answerTopic } = this.#options.publisher;
    if (asks?.withinMs === undefined || !this.#publisher.speaks5) this.#publisher.publish(publication, sent);
    else {
      const correlationData = this.#answers.expect(sent, asks.withinMs);
      this.#publisher.publish({ ...publication, responseTopic: answerTopic, correlationData }, sent);
    }
  }

  #published(sent: Sent, heard: boolean): void {
    if (!heard) this.#handler.unheard(sent.token);
    if (!(heard && this.#publisher.speaks5 && this.#answers.taken(sent)))
      this.#done(sent, { outcome: heard ? 'taken' : 'nobody' });
    sent.turn?.over(sent);
  }

  /** The server has it, and nothing else is waited for. */
  #done(sent: Sent, fate: Fate): void {
    this.#handler.delivered([this.#back(sent, fate)]);
  }

  #answer(message: MqttMessage): void {
    const found = propertiesOf(message);
    if (MkbError.is(found)) {
      this.#answers.unexpected++;
      this.#events.problem(found);
      return;
    }
    const { named, userProperties } = found;
    this.#answers.answer(named['Correlation-Data'] as Buffer | undefined, () => ({
      payload: Buffer.from(message.payload),
      truncatedFrom: message.missingBytes > 0 ? message.payload.length + message.missingBytes : undefined,
      contentType: named['Content-Type'] as string | undefined,
      userProperties,
    }));
  }

  /** It is not on its way any more. @param fate what became of it, for whoever wants to know */
  #back(sent: Sent, fate?: Fate): number {
    const { token, bytes, topic, asks } = sent;
    this.bufferedBytes -= bytes;
    this.#answers.forget(sent);
    if (asks && fate) this.#handler.fate(token, { ...fate, topic });
    return token;
  }
}

/** Or why they cannot be read. An answer like that ends no connection: the server has to get rid of it, or it would send it again for ever. */
function propertiesOf(message: MqttMessage) {
  try {
    return { named: message.properties, userProperties: message.userProperties };
  } catch (error) {
    return asMkbError(error);
  }
}

/** What the objects of a message or a property cost beside their bytes, roughly. */
const overhead = 200;

function memoryOf({ topic, payload, userProperties, ...properties }: Publication): number {
  const { contentType = '', responseTopic = '', correlationData } = properties;
  let bytes = overhead + topic.length + payload.length + contentType.length + responseTopic.length;
  bytes += correlationData?.length ?? 0;
  for (const [name, value] of userProperties) bytes += overhead + name.length + value.length;
  return bytes;
}
