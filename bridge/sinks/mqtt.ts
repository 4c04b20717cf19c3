/** The MQTT sink: one publisher, for the messages of all rules. */
import type { MkbError } from '../../api/errors.ts';
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import type { Rule } from '../../rules/rule.ts';
import type { Sink, SinkHandler } from '../flow/sink.ts';
import type { Publication } from '../mqtt/publisher/publication.ts';
import { Publisher } from '../mqtt/publisher/publisher.ts';
import type { PublisherOptions } from '../mqtt/publisher/publisher-options.ts';
import { because } from '../observe/because.ts';
import { MqttWriter } from './mqtt-writer.ts';

export interface MqttSinkOptions {
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
}

export class MqttSink implements Sink {
  readonly #options: MqttSinkOptions;
  readonly #publisher: Publisher<Sent>;
  readonly #started = Promise.withResolvers<void>();
  readonly #writers: MqttWriter[] = [];
  #handler!: SinkHandler;
  /** Connections to the server that were made. */
  connections = 0;
  bufferedBytes = 0;
  /** Why the publisher is not let in, where only a person can change it. */
  refusal: MkbError | undefined;

  constructor(options: MqttSinkOptions, events: MqttSinkEvents) {
    this.#options = options;
    // Whoever waits for the start hears of a rejection; until then it is not an unhandled one.
    this.#started.promise.catch(() => undefined);
    this.#publisher = new Publisher(options.publisher, {
      laneOf: ({ lane }) => lane,
      published: (sent, heard) => this.#published(sent, heard),
      failed: (sent, error) => this.#handler.failed(this.#back(sent), error),
      expired: sent => this.#handler.expired(this.#back(sent)),
      dropped: sent => this.#handler.dropped(this.#back(sent)),
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
  bind(document: MqttSinkDocument, rule: Rule): MqttWriter {
    const writer = new MqttWriter(document, rule, (publication, token, lane) =>
      this.#publish(publication, token, lane),
    );
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

  get full(): boolean {
    return this.bufferedBytes > this.#options.maxBytes;
  }

  get hasRoom(): boolean {
    return this.bufferedBytes <= 0.75 * this.#options.maxBytes;
  }

  readEnd(): void {
    // The publisher sends at the end of the turn by itself.
  }

  sendNow(): void {}

  flush(): void {}

  withdraw(isGone: (token: number) => boolean): void {
    this.#publisher.forget(({ token }) => isGone(token));
  }

  waiting(isOf: (token: number) => boolean): string | undefined {
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
    await this.#publisher.close(limitMs);
    this.#started.resolve();
  }

  #publish(publication: Publication, token: number, lane: string): void {
    const bytes = memoryOf(publication);
    this.bufferedBytes += bytes;
    this.#publisher.publish(publication, { token, bytes, lane });
  }

  #published(sent: Sent, heard: boolean): void {
    const token = this.#back(sent);
    if (!heard) this.#handler.unheard(token);
    this.#handler.delivered([token]);
  }

  #back({ token, bytes }: Sent): number {
    this.bufferedBytes -= bytes;
    return token;
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
