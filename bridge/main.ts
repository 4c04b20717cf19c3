/**
 * The bridge: a document in, a running bridge out. The only place that knows all parts.
 *
 * It starts from the end: Kafka first, its topics next, MQTT last, so that nothing is received that could not go anywhere. It stops from
 * the beginning: reading ends, windows of rules are closed, what was read is delivered and acknowledged, and only then are the connections
 * closed.
 */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import type { MkbError } from '../api/errors.ts';
import { durationMs } from '../api/units.ts';
import type { JqThreads } from '../rules/jq/threads.ts';
import { because } from './because.ts';
import { Account } from './flow/account.ts';
import type { BoundRule } from './flow/bound-rule.ts';
import { Pipeline } from './flow/pipeline.ts';
import type { Source } from './flow/pipeline-options.ts';
import type { RecordRule } from './flow/records/record-rule.ts';
import { Settlement } from './flow/settlement.ts';
import { slotBitsFor } from './flow/tokens.ts';
import { Producer } from './kafka/producer.ts';
import type { Wait } from './kafka/waits.ts';
import { type ConnectedInfo, Session, type SessionHandler } from './mqtt/session.ts';
import type { BridgeFigures } from './observe/figures.ts';
import { ErrorLog, type Logger } from './observe/log.ts';
import { StandstillLog } from './observe/standstill-log.ts';
import { type BridgeOptions, type BridgeParts, prepareParts } from './parts.ts';
import { Persistence } from './persistence.ts';
import type { Registries } from './registry/registries.ts';
import { kafkaAway, type Standstill, standstillsOf, unreadiness } from './standstills.ts';
import { endedWithin, type StopReport } from './stopping.ts';
import { WayBack, type WayBackEvents } from './way-back.ts';

export class Bridge implements BridgeFigures {
  readonly name: string;
  readonly account = new Account();
  readonly rules: readonly (BoundRule | RecordRule)[];
  /** From Kafka to MQTT, if a rule goes that way. */
  readonly wayBack: WayBack | undefined;
  readonly retried = new Map<string, number>();
  readonly receiveMaximum: number;
  readonly bufferLimitBytes: number;
  /** For questions to the broker. It is started and closed by `start` and `stop` only. */
  readonly session: Session;
  /** Settles when the bridge has ended: fulfilled by `stop`, rejected by an error that no retry mends. */
  readonly ended: Promise<void>;
  mqttConnections = 0;
  /** What the MQTT broker said when it let us in last. */
  connection: ConnectedInfo | undefined;
  readonly #document: MqttKafkaBridge;
  readonly #errors: ErrorLog;
  readonly #log: Logger;
  readonly #producer: Producer;
  readonly #registries: Registries;
  readonly #jq: JqThreads;
  readonly #pipeline: Pipeline;
  /** Whether a rule goes from MQTT to Kafka. */
  readonly #subscribes: boolean;
  readonly #end = Promise.withResolvers<void>();
  readonly #stopped = new AbortController();
  readonly #firstConnection = Promise.withResolvers<void>();
  /** Why the session is not let in. */
  #refusal: MkbError | undefined;
  /** As events tell it. */
  #mqttWasConnected = false;
  #kafkaWasConnected = false;
  #stopping: Promise<StopReport> | undefined;
  #settled: (() => void) | undefined;
  readonly #persistence = new Persistence(this.#stopped.signal, error => this.#problem(error));
  readonly #standstillLog: StandstillLog;
  #standstillTimer: NodeJS.Timeout | undefined;
  /** `stop` has closed everything. */
  #over = false;

  /** Use `prepareBridge`. */
  constructor(document: MqttKafkaBridge, parts: BridgeParts, log: Logger) {
    this.name = document.metadata.name;
    this.ended = this.#end.promise;
    // Whoever awaits them hears of a rejection; until then it is not an unhandled one.
    this.ended.catch(() => undefined);
    this.#firstConnection.promise.catch(() => undefined);
    this.#document = document;
    this.#log = log;
    this.#errors = new ErrorLog(log);
    this.#standstillLog = new StandstillLog(log, this.name);
    this.rules = [...parts.rules, ...(parts.wayBack?.rules ?? [])];
    this.#subscribes = parts.rules.length > 0;
    this.#registries = parts.registries;
    this.#jq = parts.jq;
    this.receiveMaximum = parts.session.receiveMaximum;
    this.bufferLimitBytes = parts.producer.maxBytes;
    const slotBits = slotBitsFor(parts.rules);
    this.#pipeline = new Pipeline({
      rules: parts.rules,
      settlement: new Settlement(slotBits),
      slotBits,
      ownerOf: parts.ownerOf,
      deadLetterTopic: document.spec.delivery.onFailure.deadLetter?.topic,
      source: this.#source(),
      failed: (rule, error) => this.#errors.report('error', error, { bridge: this.name, rule }),
      noticed: (rule, warning) => this.#errors.report('warn', warning, { bridge: this.name, rule }),
      problem: error => this.#problem(error),
      obtainSchema: missing => this.#registries.obtain(missing, error => this.#problem(error)),
      linkChanged: () => this.#kafkaLinkChanged(),
      settled: () => this.#checkSettled(),
    });
    this.#producer = new Producer(parts.producer, this.#pipeline);
    this.#pipeline.use(this.#producer);
    for (const { name } of document.spec.kafka.topics) this.#producer.topic(name, true);
    this.session = new Session(parts.session, this.#sessionHandler());
    if (parts.wayBack) this.wayBack = new WayBack(document, parts.wayBack, this.#wayBackEvents(), log);
  }

  get mqttConnected(): boolean {
    return this.#subscribes ? this.session.connected : (this.wayBack?.publisherConnected ?? false);
  }

  get kafkaConnected(): boolean {
    return this.#kafkaAnswers && this.#producer.unreachable.length === 0;
  }

  /** Whether at least one broker of Kafka is connected. */
  get #kafkaAnswers(): boolean {
    return this.#subscribes ? this.#producer.cluster.connected : (this.wayBack?.kafkaConnected ?? false);
  }

  get refusals(): BridgeFigures['refusals'] {
    const own = this.#refusal ? [['session', this.#refusal] as const] : [];
    return [...own, ...(this.wayBack?.refusals ?? [])];
  }

  get heldBack(): number {
    return this.session.heldBack;
  }

  get waits(): Wait[] {
    return [...this.#producer.waits, ...(this.wayBack?.waits ?? [])];
  }

  get #standstills(): Standstill[] {
    // With no broker connected, it is not the address of a leader that is wrong.
    const unreachable = this.#kafkaAnswers ? this.#producer.unreachable : [];
    return standstillsOf({ unreachable, waits: this.waits });
  }

  get bufferedBytes(): number {
    return this.#producer.bufferedBytes;
  }

  get pausedSeconds(): number {
    return this.#pipeline.pausedSeconds;
  }

  get eventsForgotten(): number {
    return this.#pipeline.events.forgotten;
  }

  get windowRows(): BridgeFigures['windowRows'] {
    return this.#pipeline.rows;
  }

  /** Whether something is on its way to Kafka. */
  get #isBusy(): boolean {
    return this.account.inFlight > 0 || this.windowRows.inFlight > 0;
  }

  /** Why it cannot move messages now; empty when it can. */
  missing(): readonly string[] {
    const missing: string[] = [];
    if (this.#stopping) missing.push('it is stopping');
    if (!this.mqttConnected) missing.push(`MQTT is not connected${because(this.#refusal)}`);
    if (!this.#kafkaAnswers) missing.push('Kafka is not connected');
    for (const { message } of this.#persistence.problems) missing.push(`it is starting: ${message}`);
    const still = unreadiness(this.#standstills, this.heldBack);
    return [...missing, ...still, ...(this.wayBack?.missing() ?? [])];
  }

  /**
   * Connects both sides and returns when messages can flow. Waits for brokers that are away; throws what no waiting mends, unless the other
   * direction goes on without it.
   */
  async start(): Promise<void> {
    try {
      if (this.rules.some(({ rule }) => rule.callsJq)) await this.#jq.warm();
      if (this.#hasBoth) await Promise.all([this.#startMessages(), this.wayBack!.start()]);
      else {
        await this.#startMessages();
        await this.wayBack?.start();
      }
    } catch (error) {
      this.#fail(error as MkbError);
      throw error;
    }
  }

  /** From MQTT to Kafka, and what both directions need. */
  async #startMessages(): Promise<void> {
    await this.#untilDone(() => this.#producer.start());
    await this.#untilDone(() => this.#producer.cluster.createTopics(this.#document.spec.kafka.topics));
    await this.#untilDone(() => this.#requireTopics());
    await this.#producer.reachLeaders();
    this.#watchStandstills();
    await this.#untilDone(() => this.#registries.start());
    if (this.#stopping || !this.#subscribes) return;
    this.session.start();
    await this.#firstConnection.promise;
  }

  /** Whether rules go both ways: then what is refused to one direction is reported and tried again, and the other goes on. */
  get #hasBoth(): boolean {
    return this.#subscribes && this.wayBack !== undefined;
  }

  #watchStandstills(): void {
    const address = this.#document.spec.kafka.bootstrapServers!.join(', ');
    this.#standstillTimer = setInterval(() => {
      const all = this.#kafkaAnswers ? this.#standstills : [kafkaAway(address), ...this.#standstills];
      this.#standstillLog.look(all, this.heldBack, performance.now());
    }, 1000).unref();
  }

  /** Stops reading, delivers and acknowledges what was read, and closes; at the latest after `delivery.shutdownTimeout`, whatever hangs. */
  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<StopReport> {
    this.#stopped.abort();
    clearInterval(this.#standstillTimer);
    const timeoutMs = durationMs(this.#document.spec.delivery.shutdownTimeout);
    const ended = await endedWithin(timeoutMs, (settleMs, partingMs) => this.#endInOrder(settleMs, partingMs));
    const left = { unacknowledged: this.account.inFlight, unpublished: this.wayBack?.account.inFlight ?? 0 };
    // What a side that hangs has kept from ending. That its requests end with it is no problem.
    this.#over = true;
    this.wayBack?.cut();
    void this.session.close(0);
    this.#registries.close();
    this.#jq.close();
    this.#producer.close();
    this.#firstConnection.resolve();
    this.#end.resolve();
    return { ...left, late: !ended || left.unacknowledged + left.unpublished > 0 };
  }

  async #endInOrder(settleMs: number, partingMs: number): Promise<void> {
    const back = this.wayBack?.stop(settleMs, partingMs);
    this.session.pause();
    this.#pipeline.events.stop();
    this.#pipeline.rows.stop();
    this.#producer.flush();
    if (this.#isBusy) await this.#untilSettled(settleMs);
    const { inFlight: rows } = this.windowRows;
    if (rows > 0)
      this.#log.warn({ bridge: this.name, rows }, 'Kafka did not take all rows of windows in time: they are lost');
    await Promise.all([back, this.session.close(partingMs)]);
  }

  async #untilSettled(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
  }

  #checkSettled(): void {
    if (this.#settled && !this.#isBusy) this.#settled();
  }

  #source(): Source {
    const session = () => this.session;
    return {
      account: this.account,
      settle: arrival => session().settle(arrival),
      acknowledge: () => session().acknowledge(),
      pause: () => session().pause(),
      resume: () => {
        if (!this.#stopping) session().resume();
      },
      get starved() {
        return session().starved;
      },
    };
  }

  #sessionHandler(): SessionHandler {
    return {
      message: (message, arrival) => this.#pipeline.message(message, arrival),
      readEnd: () => this.#pipeline.readEnd(),
      connected: info => this.#connected(info),
      disconnected: error => this.#disconnected(error),
      noticed: error => this.#problem(error),
      failed: error => this.#fail(error),
    };
  }

  #wayBackEvents(): WayBackEvents {
    return {
      failed: (rule, error) => this.#errors.report('error', error, { bridge: this.name, rule }),
      problem: error => this.#problem(error),
      stopped: error => this.#fail(error),
      obtainSchema: missing => this.#registries.obtain(missing, error => this.#problem(error)),
      untilDone: action => this.#untilDone(action),
    };
  }

  #connected(connection: ConnectedInfo): void {
    const { grants, ...info } = connection;
    this.connection = connection;
    this.mqttConnections++;
    this.#log.info({ bridge: this.name, ...info }, 'MQTT is connected');
    for (const { filter, asked, granted } of grants) {
      if (granted < asked)
        this.#log.warn(
          { bridge: this.name, filter, asked, granted },
          `The broker delivers ${filter} with QoS ${granted} at most, not ${asked}: messages may be lost before they reach the bridge.`,
        );
    }
    this.#mqttWasConnected = true;
    this.#refusal = undefined;
    this.#pipeline.events.raise('bridge.mqtt_connected', () => ({
      server: info.url,
      session_present: info.sessionPresent,
    }));
    this.#firstConnection.resolve();
  }

  #disconnected(error: MkbError): void {
    this.#problem(error);
    this.#refusal = error.kind === 'permanent' ? error : undefined;
    // Failed attempts to connect again are told here as well.
    if (!this.#mqttWasConnected) return;
    this.#mqttWasConnected = false;
    const { code: reason, message: error_message } = error;
    this.#pipeline.events.raise('bridge.mqtt_disconnected', () => ({
      reason,
      error_message,
      server: this.connection?.url,
    }));
  }

  #kafkaLinkChanged(): void {
    const connected = this.#kafkaAnswers;
    if (connected === this.#kafkaWasConnected) return;
    this.#kafkaWasConnected = connected;
    const event = connected ? 'bridge.kafka_connected' : 'bridge.kafka_disconnected';
    this.#pipeline.events.raise(event, () => ({}));
  }

  #problem(error: MkbError): void {
    if (this.#over) return;
    this.retried.set(error.code, (this.retried.get(error.code) ?? 0) + 1);
    this.#errors.report(error.kind === 'permanent' ? 'error' : 'warn', error, { bridge: this.name });
  }

  #fail(error: MkbError): void {
    this.#firstConnection.reject(error);
    this.#end.reject(error);
    void this.stop();
  }

  #untilDone(action: () => Promise<void>): Promise<void> {
    return this.#persistence.untilDone(action, this.#hasBoth);
  }

  /** A topic that is named in the document must exist: a typing error is found now and not by its dead letters. */
  async #requireTopics(): Promise<void> {
    const { deadLetter } = this.#document.spec.delivery.onFailure;
    const names = new Set([...this.#pipeline.constantTopics, deadLetter?.topic].filter(name => name !== undefined));
    await this.#producer.cluster.requireTopics([...names]);
  }
}

/** A bridge that is ready to start. Throws for secrets that cannot be read, rules that do not compile, and parts that it cannot run. */
export async function prepareBridge(document: MqttKafkaBridge, options: BridgeOptions): Promise<Bridge> {
  return new Bridge(document, await prepareParts(document, options), options.log);
}
