/** Sources, rules and the Kafka sink without an MQTT server: messages are handed in by the test, and an embedded Kafka takes the records. */
import { completeDocument } from '../../../../api/complete.ts';
import { bytes } from '../../../../api/units.ts';
import type { Account } from '../../../../bridge/flow/account.ts';
import { type BindSink, BoundRule } from '../../../../bridge/flow/bound-rule.ts';
import { intendedOutcomes, type Outcome, outcomes } from '../../../../bridge/flow/outcome.ts';
import { Pipeline } from '../../../../bridge/flow/pipeline.ts';
import type { Intake } from '../../../../bridge/flow/source.ts';
import { MqttMessage } from '../../../../bridge/mqtt/message.ts';
import { prepareRegistries, type Registries } from '../../../../bridge/registry/registries.ts';
import { producerOptions, sessionOptions } from '../../../../bridge/settings.ts';
import { KafkaSink } from '../../../../bridge/sinks/kafka.ts';
import { EventsSource } from '../../../../bridge/sources/events.ts';
import { MqttSource, type MqttSourceOptions } from '../../../../bridge/sources/mqtt.ts';
import { WindowsSource } from '../../../../bridge/sources/windows.ts';
import { Tap, type TapTime } from '../../../../bridge/tap/tap.ts';
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { costLimitsOf } from '../../../../rules/cost-limits.ts';
import type { EventName, Happening } from '../../../../rules/events.ts';
import { JqThreads } from '../../../../rules/jq/threads.ts';
import { type Schemas, schemasOf } from '../../../../rules/schemas/schemas.ts';
import { until } from '../../../real/until.ts';
import { HeldClock } from '../../../support/held-clock.ts';

export interface FlowOptions {
  readonly rules: readonly unknown[];
  /** As in `spec.schemas`. */
  readonly schemas?: readonly unknown[];
  readonly deadLetter?: string;
  readonly topics: readonly string[];
  readonly maxBytes?: string;
  readonly maxRequestBytes?: string;
  /** As in `spec.delivery.limits`. */
  readonly limits?: object;
  /** Any when left out: what a busy machine takes is no fault. */
  readonly tapTime?: TapTime;
  /** Whether the flow begins without what is written with. */
  readonly registryAway?: boolean;
  readonly broker?: EmbeddedKafkaOptions;
}

export interface TestMessage {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  /** MQTT 5 user properties, as they stand in the packet. */
  readonly userProperties?: readonly (readonly [string, string])[];
  /** MQTT 5 properties as they stand in the packet, without their length, before those. */
  readonly properties?: Buffer;
}

const scribble = '#';
/** Shared, since a thread takes a second to start on a busy machine. It keeps no process alive. */
const jq = new JqThreads();
const timestamp = 1_700_000_000_123;

/** MQTT as a source, of which the test is the server. */
class TestSource extends MqttSource {
  /** Arrival numbers, in the order in which they were settled. */
  readonly settled: number[] = [];
  /** What the pipeline called: 'pause' and 'resume'. */
  readonly brakes: string[] = [];
  intake!: Intake;

  constructor(options: MqttSourceOptions) {
    const ignore = () => undefined;
    super(options, { connected: ignore, disconnected: ignore, problem: ignore, stopped: ignore });
  }

  override get starved(): boolean {
    return true;
  }

  override pause(): void {
    this.brakes.push('pause');
  }

  override resume(): void {
    this.brakes.push('resume');
  }

  override settle(arrival: number): void {
    this.settled.push(arrival);
  }

  override acknowledge(): void {}

  override async start(intake: Intake): Promise<void> {
    this.attach(intake);
    this.intake = intake;
  }
}

interface Parts {
  readonly kafka: EmbeddedKafka;
  readonly sink: KafkaSink;
  readonly session: MqttSourceOptions['session'];
  readonly registries: Registries;
  readonly schemas: Schemas;
}

export class Flow {
  readonly kafka: EmbeddedKafka;
  /** What windows go by, and the time at which messages are received. */
  readonly clock = new HeldClock(timestamp);
  readonly rules: readonly BoundRule[];
  readonly failures: { rule: string; code: string }[] = [];
  /** Codes of what is retried. */
  readonly problems: string[] = [];
  /** Warnings about sinks. */
  readonly warnings: { rule: string; code: string; message: string }[] = [];
  readonly tap: Tap;
  readonly pipeline: Pipeline;
  readonly #sink: KafkaSink;
  readonly #registries: Registries;
  readonly #source: TestSource;
  readonly #events: EventsSource;
  readonly #windows: WindowsSource;
  readonly #message = new MqttMessage('00000000');
  #arrivals = 0;

  private constructor({ kafka, sink, session, registries, schemas }: Parts, options: FlowOptions) {
    this.kafka = kafka;
    this.#sink = sink;
    this.#registries = registries;
    const costs = options.limits && costLimitsOf(documentOf('localhost:9092', options).spec.delivery);
    this.rules = bind(options, { schemas, askJq: jq.ask, ...(costs && { costs }) }, sink);
    const obtainSchema = (missing: Parameters<Registries['obtain']>[0]) =>
      registries.obtain(missing, ({ code }) => this.problems.push(code));
    this.#source = new TestSource({ session, rules: this.rules, ownerOf: () => 0 });
    this.#events = new EventsSource(this.rules, this.clock);
    this.#windows = new WindowsSource(this.rules, this.clock, obtainSchema);
    const pipeline = new Pipeline({
      rules: this.rules,
      letterBox: sink.letterBox,
      failed: (rule, { code }) => this.failures.push({ rule, code }),
      raise: (event, facts) => this.#events.raise(event, facts),
      settled: () => undefined,
      obtainSchema,
      maxKeptBytes: options.maxBytes === undefined ? 64 * 1024 * 1024 : bytes(options.maxBytes),
    });
    this.pipeline = pipeline;
    this.tap = new Tap(
      pipeline,
      () => this.rules.map(({ name }) => name),
      options.tapTime ?? { share: 1, burstMs: Infinity },
    );
    sink.use(pipeline);
    sink.countAlso(() => pipeline.heldBytes + this.#events.queuedBytes);
    for (const source of [this.#windows, this.#events, this.#source])
      void source.start(pipeline.intake(source, this.rules));
  }

  static async start(options: FlowOptions): Promise<Flow> {
    const topics = options.topics.map(name => ({ name, partitions: 1 }));
    const kafka = await startEmbeddedKafka({ topics, autoCreateTopics: false, ...options.broker });
    const document = documentOf(kafka.bootstrap, options);
    const secrets = { secretsDir: '' };
    const [producer, session] = await Promise.all([
      producerOptions(document, secrets),
      sessionOptions(document, [], secrets, 0),
    ]);
    const schemas = schemasOf(document.spec.schemas);
    const registries = await prepareRegistries(document.spec.schemas, schemas, secrets);
    let flow: Flow | undefined;
    registries.start(({ code }) => flow?.problems.push(code));
    const writers = document.spec.schemas.filter(({ registry }) => registry?.subject !== undefined);
    if (options.registryAway !== true)
      for (const { name } of writers) await registries.obtain({ name, id: undefined }, () => undefined);
    const sink = new KafkaSink(
      { bridge: 'test', producer, topics: [], deadLetterTopic: options.deadLetter },
      {
        linkChanged: () => undefined,
        problem: () => undefined,
        noticed: (rule, { code, message }) => flow!.warnings.push({ rule, code, message }),
        untilDone: action => action(),
      },
    );
    flow = new Flow({ kafka, sink, session, registries, schemas }, options);
    await sink.connect();
    return flow;
  }

  get account(): Account {
    return this.#source.account;
  }

  get settled(): readonly number[] {
    return this.#source.settled;
  }

  get brakes(): string[] {
    return this.#source.brakes;
  }

  /** Hands messages over as one read, and waits until each has an outcome. */
  async send(...messages: TestMessage[]): Promise<void> {
    this.hand(...messages);
    await this.settledAll();
  }

  /** Waits until each message has an outcome. */
  async settledAll(): Promise<void> {
    await until('all messages to be settled', () => this.account.inFlight === 0, { everyMs: 2 });
  }

  /** Hands messages over as one read. */
  hand(...messages: TestMessage[]): void {
    for (const each of messages) {
      const message = this.#point(each);
      this.#source.take(message, message.arrival);
      // As a socket does with its next read: whoever kept a view of the message has something else now.
      message.buffer.fill(scribble);
    }
    this.#source.intake.readEnd();
  }

  /** Something happens to the bridge. */
  raise(event: EventName, facts: Happening | (() => Happening)): void {
    this.#events.raise(event, typeof facts === 'function' ? facts : () => facts);
  }

  get eventsForgotten(): number {
    return this.#events.forgotten;
  }

  /** Ends all windows. */
  stopWindows(): void {
    this.#windows.stop();
  }

  /** Rows of windows, which no message waits for. */
  get rows(): { inFlight: number; deadLettered: number; dropped: number } {
    const accounts = [this.#windows.account, this.#events.account];
    const sum = (of: (account: Account) => number) => accounts.reduce((total, each) => total + of(each), 0);
    const lost = outcomes.slice(2).filter(each => !(intendedOutcomes as readonly Outcome[]).includes(each));
    return {
      inFlight: sum(({ inFlight }) => inFlight),
      deadLettered: sum(account => account.count('dead_lettered')),
      dropped: sum(account => lost.reduce((total, outcome) => total + account.count(outcome), 0)),
    };
  }

  /** Lets time pass, and waits until Kafka has what windows gave. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.pass(milliseconds);
    await this.rowsWritten();
  }

  async rowsWritten(): Promise<void> {
    this.#sink.sendNow();
    await until('all rows to have an outcome', () => this.rows.inFlight === 0, { everyMs: 2 });
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes;
  }

  count(outcome: Outcome): number {
    return this.account.count(outcome);
  }

  /** What a topic holds, as text. */
  records(topic: string) {
    return this.kafka.records(topic).map(({ key, value, headers, timestamp: time }) => ({
      key: key?.toString(),
      value: value?.toString(),
      timestamp: Number(time),
      headers: headers.map(([name, content]) => [name.toString(), content?.toString()] as const),
    }));
  }

  async stop(): Promise<void> {
    this.#registries.close();
    await this.#sink.close(0);
    await this.kafka.stop();
  }

  #point({ topic, payload, qos = 1, retain = false, userProperties = [], ...rest }: TestMessage): MqttMessage {
    const pairs = userProperties.flatMap(([name, value]) => [Buffer.of(0x26), text(name), text(value)]);
    const properties = Buffer.concat([rest.properties ?? Buffer.alloc(0), ...pairs]);
    const bytes = Buffer.from(payload);
    return Object.assign(this.#message, {
      topic,
      qos,
      flags: 0x30 | (qos << 1) | (retain ? 1 : 0),
      arrival: this.#arrivals++,
      timestamp: this.clock.now(),
      buffer: Buffer.concat([properties, bytes]),
      propertiesStart: 0,
      propertiesEnd: properties.length,
      payloadStart: properties.length,
      payloadEnd: properties.length + bytes.length,
    });
  }
}

function documentOf(bootstrap: string, options: FlowOptions) {
  const { rules, schemas = [], maxBytes = '64MiB', limits = {}, maxRequestBytes } = options;
  return completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'test' },
    spec: {
      mqtt: { url: 'mqtt://localhost' },
      kafka: {
        bootstrapServers: [bootstrap],
        producer: { linger: '1ms', ...(maxRequestBytes && { maxRequestBytes }) },
      },
      delivery: { buffer: { maxBytes }, limits },
      schemas,
      rules,
    },
  });
}

function bind(options: FlowOptions, ambient: ConstructorParameters<typeof BoundRule>[3], sink: KafkaSink): BoundRule[] {
  let next = 1;
  return documentOf('localhost:9092', options).spec.rules.map(rule => {
    const bindSink: BindSink = ({ kafka }, name, compiled) => ({ sink, writer: sink.bind(kafka!, name, compiled) });
    const bound = new BoundRule(rule, next, bindSink, ambient);
    next += rule.sinks.length;
    return bound;
  });
}

/** An MQTT UTF-8 string: its length in two bytes, then itself. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
