/**
 * The bridge: a document in, a running bridge out. It makes sources and sinks, hands them to one pipeline, and says how they are. How they start
 * and end is in lifecycle.ts.
 */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import type { Tables } from '../rules/tables/tables.ts';
import { type BoundTo, bindRules } from './bind-rules.ts';
import { memoryBytes } from './buffer-settings.ts';
import { systemClock } from './clock.ts';
import { Ends } from './ends.ts';
import type { Account } from './flow/account.ts';
import type { BoundRule } from './flow/bound-rule.ts';
import { rulesOf } from './flow/fed-rules.ts';
import type { PipelineIntake } from './flow/intake.ts';
import { Pipeline } from './flow/pipeline.ts';
import type { Source, SourceFigures } from './flow/source.ts';
import { InFlight } from './in-flight.ts';
import type { Wait } from './kafka/waits.ts';
import { Lifecycle, neededSinks, type Sides, sourcesOf } from './lifecycle.ts';
import { Sessions } from './listen/sessions.ts';
import type { Session } from './mqtt/session.ts';
import type { ConnectedInfo } from './mqtt/session-handler.ts';
import type { FailureGroup } from './observe/failures.ts';
import type { BridgeFigures } from './observe/figures.ts';
import type { Logger } from './observe/log.ts';
import { Reports } from './observe/reports.ts';
import { Standstills } from './observe/standstills.ts';
import { type BridgeOptions, type BridgeParts, prepareParts } from './parts.ts';
import { Reload, type Running } from './reload/reload.ts';
import { ClientsSink } from './sinks/clients.ts';
import type { KafkaSink } from './sinks/kafka.ts';
import type { MqttSink } from './sinks/mqtt.ts';
import type { BufferedListenerSource } from './sources/buffered-listener.ts';
import type { BufferedMqttSource } from './sources/buffered-mqtt.ts';
import { EventsSource } from './sources/events.ts';
import type { KafkaSource } from './sources/kafka.ts';
import type { ListenerSource } from './sources/listener.ts';
import type { MqttSource } from './sources/mqtt.ts';
import { WindowsSource } from './sources/windows.ts';
import type { StopReport } from './stopping.ts';
import { Tap } from './tap/tap.ts';
import type { Transactions } from './transactions.ts';

export class Bridge implements BridgeFigures, Sides {
  readonly name: string;
  readonly receiveMaximum: number;
  readonly bufferLimitBytes: number;
  readonly mqttSource: MqttSource | BufferedMqttSource | undefined;
  readonly listener: ListenerSource | BufferedListenerSource | undefined;
  readonly kafkaSource: KafkaSource | undefined;
  readonly windows: WindowsSource;
  readonly events: EventsSource;
  readonly kafkaSink: KafkaSink | undefined;
  readonly mqttSink: MqttSink | undefined;
  readonly clientsSink: ClientsSink | undefined;
  /** What takes another document while the bridge runs. */
  readonly reload: Reload;
  /** Shows messages on their way. */
  readonly tap: Tap;
  readonly #running: Running;
  readonly #parts: BridgeParts;
  readonly #reports: Reports;
  readonly #pipeline: Pipeline;
  readonly #intakes: ReadonlyMap<Source, PipelineIntake>;
  readonly #lifecycle: Lifecycle;
  readonly #transactions: Transactions | undefined;
  readonly #standstills: Standstills;

  /** Use `prepareBridge`. Throws for rules that do not compile. */
  constructor(document: MqttKafkaBridge, parts: BridgeParts, log: Logger, options?: BridgeOptions) {
    this.name = document.metadata.name;
    this.#parts = parts;
    this.#reports = new Reports(this.name, log, (event, facts) => this.events.raise(event, facts));
    this.receiveMaximum = document.spec.mqtt.receiveMaximum;
    this.bufferLimitBytes =
      (parts.kafkaSink?.producer.maxBytes ?? 0) + ((parts.mqttSink ?? parts.clientsSink)?.maxBytes ?? 0);
    const ends = new Ends(this.name, log, this.#reports, {
      untilDone: action => this.#lifecycle.untilDone(action),
      kafkaLinkChanged: () => this.#reports.kafkaLinkChanged(this.#standstills.connected),
      server: () => this.connection?.url,
      fail: error => this.#lifecycle.fail(error),
      transactions: () => this.#transactions,
      kafkaSink: () => this.kafkaSink!,
    });
    this.kafkaSink = parts.kafkaSink && ends.kafkaSink(parts.kafkaSink);
    this.mqttSink = parts.mqttSink && ends.mqttSink(parts.mqttSink);
    const sessions = parts.listen && new Sessions(parts.listen.sessions, parts.clientsBuffer !== undefined);
    this.clientsSink = parts.clientsSink && new ClientsSink({ ...parts.clientsSink, sessions: sessions! });
    const sinks = { kafka: this.kafkaSink, mqtt: this.mqttSink ?? this.clientsSink };
    this.#running = { document, rules: bindRules(document.spec, sinks, parts.ambient) };
    const inFlight = new InFlight(() => sourcesOf(this));
    const obtainSchema = (missing: Parameters<typeof parts.registries.obtain>[0]) =>
      parts.registries.obtain(missing, error => this.#reports.problem(error));
    this.events = new EventsSource(this.rules, systemClock);
    this.windows = new WindowsSource(this.rules, systemClock, obtainSchema);
    this.#pipeline = new Pipeline({
      rules: this.rules,
      letterBox: this.kafkaSink?.letterBox,
      failed: (rule, error, loss) => this.#reports.failed(rule, error, loss),
      raise: (event, facts) => this.events.raise(event, facts),
      settled: () => {
        inFlight.settled();
        this.#transactions?.settled();
      },
      obtainSchema,
      maxKeptBytes: memoryBytes(document.spec),
    });
    this.tap = new Tap(this.#pipeline, () => this.rules.map(({ name }) => name));
    this.kafkaSink?.use(this.#pipeline);
    this.kafkaSink?.countAlso(() => this.#pipeline.heldBytes + this.events.queuedBytes);
    sinks.mqtt?.use(this.#pipeline);
    this.mqttSource = parts.mqttSource && ends.mqttSource(parts.mqttSource, this.rules);
    this.listener = parts.listen && ends.listener(parts, sessions!, this.rules);
    this.kafkaSource = parts.kafkaSource && ends.kafkaSource(parts.kafkaSource, this.rules);
    this.#intakes = new Map(
      sourcesOf(this).map(source => [source, this.#pipeline.intake(source, rulesOf(source, this.rules))]),
    );
    this.#transactions = parts.transactions && ends.transactions(parts.transactions, sourcesOf(this), this.#pipeline);
    this.reload = this.#reload(sinks, options);
    const sides = [this.kafkaSink, this.kafkaSource].filter(side => side !== undefined);
    this.#standstills = new Standstills(sides, () => this.window?.heldBack ?? 0);
    this.#lifecycle = new Lifecycle({
      ...{ name: this.name, sides: this, parts, running: this.#running, intakes: this.#intakes, inFlight },
      ...{ transactions: this.#transactions, standstills: this.#standstills, reports: this.#reports, log },
    });
    const untap = () => this.tap.close();
    this.#lifecycle.ended.then(untap, untap);
  }

  #reload(sinks: BoundTo, options: BridgeOptions | undefined): Reload {
    const { kafkaSink, windows, events, mqttSource, listener, kafkaSource } = this;
    return new Reload({
      ...{ running: this.#running, parts: this.#parts, pipeline: this.#pipeline, sinks },
      ...{ kafkaSink, windows, events, mqttSource, listener, kafkaSource },
      whyNot: () => this.#whyNoReload,
      prepareParts: document => prepareParts(document, options!),
    });
  }

  get #whyNoReload(): string | undefined {
    return this.#lifecycle.state === 'running' ? undefined : `it is ${this.#lifecycle.state}`;
  }

  /** Settles when the bridge has ended: fulfilled by `stop`, rejected by an error that no retry changes. */
  get ended(): Promise<void> {
    return this.#lifecycle.ended;
  }

  get config(): BridgeFigures['config'] {
    return this.reload.config;
  }

  /** That runs now. */
  get document(): MqttKafkaBridge {
    return this.#running.document;
  }

  get rules(): readonly BoundRule[] {
    return this.#running.rules;
  }

  get retried(): ReadonlyMap<string, number> {
    return this.#reports.retried;
  }

  get failures(): readonly FailureGroup[] {
    return this.#reports.failures.newestFirst;
  }

  /** Those that rules read, and clients that publish. */
  get sources(): readonly SourceFigures[] {
    const isOfUse = (source: Source) => source === this.listener || rulesOf(source, this.rules).length > 0;
    return [...this.#intakes].flatMap(([source, intake]) => (isOfUse(source) ? [intake] : []));
  }

  /** Of messages from MQTT. */
  get account(): Account {
    return (this.mqttSource ?? this.listener ?? this.events).account;
  }

  /** For questions to the MQTT server. */
  get session(): Session {
    return this.mqttSource!.session;
  }

  /** What the MQTT server said when it let us in last. */
  get connection(): ConnectedInfo | undefined {
    return this.mqttSource?.connection;
  }

  get mqttConnections(): number {
    return this.mqttSource?.connections ?? 0;
  }

  get mqttConnected(): boolean {
    return (this.mqttSource ?? this.mqttSink)?.connected ?? this.listener?.listener.listening ?? true;
  }

  get kafkaConnected(): boolean {
    return this.#standstills.reached;
  }

  get refusals(): BridgeFigures['refusals'] {
    const parts = { session: this.mqttSource, publisher: this.mqttSink, consumer: this.kafkaSource };
    return Object.entries(parts).flatMap(([name, part]) => (part?.refusal ? [[name, part.refusal] as const] : []));
  }

  get window() {
    return this.mqttSource?.session;
  }

  get namedTopics(): readonly string[] {
    return this.kafkaSink?.namedTopics ?? [];
  }

  get waits(): readonly Wait[] {
    return this.#standstills.waits;
  }

  get topicsMade(): number {
    return this.kafkaSink?.topicsMade ?? 0;
  }

  get tables(): BridgeFigures['tables'] {
    return this.#parts.tables.figures;
  }

  get lookups(): Tables {
    return this.#parts.tables.tables;
  }

  get transactions(): BridgeFigures['transactions'] {
    return this.#transactions?.ended;
  }

  get buffer(): BridgeFigures['buffer'] {
    const { mqttSource, listener } = this;
    if (mqttSource && 'buffer' in mqttSource) return mqttSource.buffer;
    return listener && 'buffer' in listener ? listener.buffer : undefined;
  }

  get bufferedBytes(): number {
    return (
      (this.kafkaSink?.bufferedBytes ?? 0) +
      ((this.mqttSink ?? this.clientsSink)?.bufferedBytes ?? 0) +
      this.#pipeline.keptBytes
    );
  }

  /** Why it cannot move messages now; empty when it can. */
  missing(): readonly string[] {
    const missing = new Set([...sourcesOf(this), ...neededSinks(this)].flatMap(part => part.missing()));
    for (const { message } of this.#lifecycle.problems) missing.add(`it is starting: ${message.replace(/\.$/, '')}`);
    for (const reason of this.#parts.registries.missing()) missing.add(reason);
    for (const reason of this.#parts.tables.missing()) missing.add(reason);
    for (const reason of this.#standstills.reasons) missing.add(reason);
    for (const { standstill } of this.sources) if (standstill !== undefined) missing.add(standstill);
    return [...(this.#lifecycle.state === 'stopping' ? ['it is stopping'] : []), ...missing];
  }

  /** Connects all sides and returns when messages can flow; see `Lifecycle.start`. */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /** Stops reading, delivers and acknowledges what was read, and closes; see `Lifecycle.stop`. */
  stop(): Promise<StopReport> {
    return this.#lifecycle.stop();
  }
}

/** A bridge that is ready to start. Throws for secrets that cannot be read, rules that do not compile, and parts that it cannot run. */
export async function prepareBridge(document: MqttKafkaBridge, options: BridgeOptions): Promise<Bridge> {
  return new Bridge(document, await prepareParts(document, options), options.log, options);
}
