/** MQTT as a source: a session at a server, whose messages are acknowledged when they are safe. */
import type { MkbError } from '../../api/errors.ts';
import type { Input, Origin } from '../../rules/rule.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Route, Source } from '../flow/source.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import type { SessionOptions } from '../mqtt/options.ts';
import { Session } from '../mqtt/session.ts';
import type { ConnectedInfo } from '../mqtt/session-handler.ts';
import { because } from '../observe/because.ts';
import { copyOverhead, keepMqtt, mqttRemains, oversizeError, rememberMqtt } from './mqtt-remains.ts';
import { MqttRoutes } from './mqtt-routes.ts';

export interface MqttSourceOptions {
  readonly session: SessionOptions;
  readonly rules: readonly BoundRule[];
  /** The Subscription Identifier under which messages of a rule's filter come; 0 if they come under none. */
  readonly ownerOf: (filter: string) => number;
}

export interface MqttSourceEvents {
  connected(info: ConnectedInfo): void;
  /** A connection was lost, or could not be made. */
  disconnected(error: MkbError): void;
  /** Something else failed that is retried. */
  problem(error: MkbError): void;
  /** The session has stopped: a person has to change something. */
  stopped(error: MkbError): void;
}

export class MqttSource implements Source {
  readonly name = 'mqtt';
  readonly account = new Account();
  /** For questions to the server. It is started and closed by this source only. */
  readonly session: Session;
  /** Connections that were made. */
  connections = 0;
  /** What the server said when it let us in last. */
  connection: ConnectedInfo | undefined;
  /** Why the session is not let in, where only a person can change it. */
  refusal: MkbError | undefined;
  #routes: MqttRoutes;
  readonly #started = Promise.withResolvers<void>();
  #intake!: Intake;
  #stopping = false;

  constructor({ session, rules, ownerOf }: MqttSourceOptions, events: MqttSourceEvents) {
    // Whoever waits for the start hears of a rejection; until then it is not an unhandled one.
    this.#started.promise.catch(() => undefined);
    this.#routes = new MqttRoutes(rules, ownerOf);
    this.session = new Session(session, {
      message: (message, arrival) => this.take(message, arrival),
      readEnd: () => this.readEnd(),
      sessionLost: () => this.sessionLost(),
      connectsLater: () => this.connectsLater,
      connected: info => {
        this.connections++;
        this.connection = info;
        this.refusal = undefined;
        events.connected(info);
        this.#started.resolve();
      },
      disconnected: error => {
        this.refusal = error.kind === 'permanent' ? error : undefined;
        events.disconnected(error);
      },
      noticed: error => events.problem(error),
      failed: error => {
        this.#started.reject(error);
        events.stopped(error);
      },
    });
  }

  /** Messages that are handed over from now on go through these rules. @param reads as of `MqttRoutes` */
  use(...routes: ConstructorParameters<typeof MqttRoutes>): void {
    this.#routes = new MqttRoutes(...routes);
  }

  get connected(): boolean {
    return this.session.connected;
  }

  get starved(): boolean {
    return this.session.starved;
  }

  pause(): void {
    this.session.pause();
  }

  resume(): void {
    if (!this.#stopping) this.session.resume();
  }

  settle(arrival: number): void {
    this.session.settle(arrival);
  }

  acknowledge(): void {
    this.session.acknowledge();
  }

  copy(message: Input): MqttMessage {
    return (message as MqttMessage).copy();
  }

  bytesOf(copy: Origin): number {
    return (copy as MqttMessage).buffer.length + copyOverhead;
  }

  remember(message: Origin, slot: number, settlement: Settlement<Source>): void {
    rememberMqtt(message as MqttMessage, slot, settlement);
  }

  keep(message: Origin, slot: number, settlement: Settlement<Source>): void {
    keepMqtt(message as MqttMessage, slot, settlement);
  }

  remains(remembered: Remembered, rule: BoundRule | undefined, record?: ProducerRecord): Remains {
    return mqttRemains(remembered, rule, record);
  }

  protected get routes(): MqttRoutes {
    return this.#routes;
  }

  /** Where messages go that `take` gets. */
  protected attach(intake: Intake): void {
    this.#intake = intake;
  }

  async start(intake: Intake): Promise<void> {
    this.attach(intake);
    this.session.start();
    await this.#started.promise;
  }

  missing(): readonly string[] {
    return this.connected ? [] : [`MQTT is not connected${because(this.refusal)}`];
  }

  stop(): void {
    this.#stopping = true;
    this.session.pause();
  }

  async close(limitMs: number): Promise<void> {
    await this.session.close(limitMs);
    this.#started.resolve();
  }

  /** A message of the session. It is valid during the call. */
  take(message: MqttMessage, arrival: number): void {
    const { topic, unwanted } = message;
    if (unwanted !== undefined) {
      this.#intake.drop(message, arrival, unwanted);
      return;
    }
    const routes = this.#routes.for(topic, message.named);
    if (routes.length === 0) this.#intake.drop(message, arrival, this.whyNoRule(topic));
    else this.handOver(message, arrival, routes);
  }

  /** All messages of one read of the socket have been taken. */
  protected readEnd(): void {
    this.#intake.readEnd();
  }

  /** As `SessionHandler.sessionLost`. */
  protected sessionLost(): boolean {
    return false;
  }

  /** As `SessionHandler.connectsLater`. */
  protected get connectsLater(): Promise<void> | undefined {
    return undefined;
  }

  protected handOver(message: MqttMessage, arrival: number, routes: readonly Route[]): void {
    if (message.oversizeBytes > 0) this.#intake.refuse(message, arrival, routes, oversizeError(message));
    else this.#intake.message(message, arrival, routes);
  }

  protected whyNoRule(topic: string): 'no_rule' | 'other_copy' {
    return this.#routes.of(topic).length === 0 ? 'no_rule' : 'other_copy';
  }
}
