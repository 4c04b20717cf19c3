/** Rules, settlement and producer without MQTT: messages are handed in by the test, and an embedded Kafka takes the records. */
import { completeDocument } from '../../../../api/complete.ts';
import { Account } from '../../../../bridge/flow/account.ts';
import { BoundRule } from '../../../../bridge/flow/bound-rule.ts';
import type { Outcome } from '../../../../bridge/flow/outcome.ts';
import { Pipeline } from '../../../../bridge/flow/pipeline.ts';
import { Settlement } from '../../../../bridge/flow/settlement.ts';
import { Producer } from '../../../../bridge/kafka/producer.ts';
import { MqttMessage } from '../../../../bridge/mqtt/message.ts';
import { prepareRegistries, type Registries } from '../../../../bridge/registry/registries.ts';
import { producerOptions } from '../../../../bridge/settings.ts';
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
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
  readonly broker?: EmbeddedKafkaOptions;
}

export interface TestMessage {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  /** MQTT 5 user properties, as they stand in the packet. */
  readonly userProperties?: readonly (readonly [string, string])[];
}

const slotBits = 10;
const scribble = '#';
/** Shared, since a thread takes a second to start on a busy machine. It keeps no process alive. */
const jq = new JqThreads();
const timestamp = 1_700_000_000_123;

export class Flow {
  readonly kafka: EmbeddedKafka;
  /** What windows go by, and the time at which messages are received. */
  readonly clock = new HeldClock(timestamp);
  readonly rules: readonly BoundRule[];
  readonly account = new Account();
  readonly failures: { rule: string; code: string }[] = [];
  /** Arrival numbers, in the order in which they were settled. */
  readonly settled: number[] = [];
  /** What the pipeline told its source: 'pause' and 'resume'. */
  readonly brakes: string[] = [];
  /** Codes of what is tried again. */
  readonly problems: string[] = [];
  /** Warnings about sinks. */
  readonly warnings: { rule: string; code: string; message: string }[] = [];
  readonly #producer: Producer;
  readonly #registries: Registries;
  readonly #pipeline: Pipeline;
  readonly #message = new MqttMessage('00000000');
  #arrivals = 0;

  private constructor(
    kafka: EmbeddedKafka,
    producer: (pipeline: Pipeline) => Producer,
    registries: Registries,
    schemas: Schemas,
    options: FlowOptions,
  ) {
    this.kafka = kafka;
    this.#registries = registries;
    this.rules = bind(options, schemas, jq.ask);
    this.#pipeline = new Pipeline({
      rules: this.rules,
      clock: this.clock,
      settlement: new Settlement(slotBits),
      slotBits,
      deadLetterTopic: options.deadLetter,
      source: {
        account: this.account,
        settle: arrival => this.settled.push(arrival),
        acknowledge: () => undefined,
        pause: () => this.brakes.push('pause'),
        resume: () => this.brakes.push('resume'),
        starved: true,
      },
      failed: (rule, { code }) => this.failures.push({ rule, code }),
      noticed: (rule, { code, message }) => this.warnings.push({ rule, code, message }),
      problem: () => undefined,
      settled: () => undefined,
      obtainSchema: missing => registries.obtain(missing, ({ code }) => this.problems.push(code)),
    });
    this.#producer = producer(this.#pipeline);
    this.#pipeline.use(this.#producer);
  }

  static async start(options: FlowOptions): Promise<Flow> {
    const topics = options.topics.map(name => ({ name, partitions: 1 }));
    const kafka = await startEmbeddedKafka({ topics, autoCreateTopics: false, ...options.broker });
    const document = documentOf(kafka.bootstrap, options);
    const settings = await producerOptions(document, { secretsDir: '' });
    const schemas = schemasOf(document.spec.schemas);
    const registries = await prepareRegistries(document.spec.schemas, schemas, { secretsDir: '' });
    await registries.start();
    const flow = new Flow(kafka, pipeline => new Producer(settings, pipeline), registries, schemas, options);
    await flow.#producer.start();
    return flow;
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
      this.#pipeline.message(message, message.arrival);
      // As a socket does with its next read: whoever kept a view of the message has something else now.
      message.buffer.fill(scribble);
    }
    this.#pipeline.readEnd();
  }

  /** Something happens to the bridge. */
  raise(event: EventName, facts: Happening | (() => Happening)): void {
    this.#pipeline.events.raise(event, typeof facts === 'function' ? facts : () => facts);
  }

  get eventsForgotten(): number {
    return this.#pipeline.events.forgotten;
  }

  /** Rows of windows, which no message waits for. */
  get rows(): Pipeline['rows'] {
    return this.#pipeline.rows;
  }

  /** Lets time pass, and waits until Kafka has what windows gave. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.pass(milliseconds);
    await this.rowsWritten();
  }

  async rowsWritten(): Promise<void> {
    this.#producer.sendNow();
    await until('all rows to have an outcome', () => this.rows.inFlight === 0, { everyMs: 2 });
  }

  get bufferedBytes(): number {
    return this.#producer.bufferedBytes;
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
    this.#producer.close();
    await this.kafka.stop();
  }

  #point({ topic, payload, qos = 1, retain = false, userProperties = [] }: TestMessage): MqttMessage {
    const properties = Buffer.concat(
      userProperties.flatMap(([name, value]) => [Buffer.of(0x26), text(name), text(value)]),
    );
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

function documentOf(bootstrap: string, { rules, schemas = [], maxBytes = '64MiB' }: FlowOptions) {
  return completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'test' },
    spec: {
      mqtt: { url: 'mqtt://localhost' },
      kafka: { bootstrapServers: [bootstrap], producer: { linger: '1ms' } },
      delivery: { buffer: { maxBytes } },
      schemas,
      rules,
    },
  });
}

function bind(options: FlowOptions, schemas: Schemas, askJq: JqThreads['ask']): BoundRule[] {
  let next = 1;
  return documentOf('localhost:9092', options).spec.rules.map(rule => {
    const bound = new BoundRule(rule, next, { schemas, askJq });
    next += rule.sinks.length;
    return bound;
  });
}

/** An MQTT UTF-8 string: its length in two bytes, then itself. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
