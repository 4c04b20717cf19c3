/**
 * MQTT clients as a source: they connect to the bridge itself. What they publish is acknowledged when Kafka has every record that was made of it,
 * to each client in the order of its messages.
 *
 * What came in one turn of the event loop, from however many clients, is one read: sinks hear of its end once.
 */
import type { MkbError } from '../../api/errors.ts';
import type { Input, Origin } from '../../rules/rule.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Route, Source } from '../flow/source.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { Client } from '../listen/client.ts';
import { Listener } from '../listen/listener.ts';
import type { ListenOptions } from '../listen/options.ts';
import type { Session, Sessions } from '../listen/sessions.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { copyOverhead, keepMqtt, mqttRemains, oversizeError, rememberMqtt } from './mqtt-remains.ts';
import { MqttRoutes } from './mqtt-routes.ts';
import { routed } from './routed.ts';

export interface ListenerSourceOptions {
  readonly listen: ListenOptions;
  readonly rules: readonly BoundRule[];
  readonly sessions: Sessions;
}

export interface ListenerSourceEvents {
  listening(ports: readonly number[]): void;
  problem(error: MkbError): void;
}

export class ListenerSource implements Source {
  readonly name = 'mqtt';
  readonly account = new Account();
  readonly listener: Listener;
  readonly #events: ListenerSourceEvents;
  #routes: MqttRoutes;
  #intake!: Intake;
  /** Clients that have sent something in this turn, and those of which something was settled. */
  readonly #heard = new Set<Client>();
  readonly #touched: Client[] = [];
  #turning = false;
  #stopping = false;

  constructor({ listen, rules, sessions }: ListenerSourceOptions, events: ListenerSourceEvents) {
    this.#events = events;
    this.#routes = new MqttRoutes(rules, () => 0);
    const prefix = Math.floor(Math.random() * 2 ** 32);
    this.listener = new Listener(
      listen,
      sessions,
      {
        publish: (client, arrival) => this.#publish(client, arrival),
        will: ({ session }, arrival) => void this.#take(session, arrival),
        turn: () => this.#turn(),
        problem: error => events.problem(error),
      },
      prefix.toString(16).padStart(8, '0'),
    );
  }

  /** Messages that come from now on go through these rules. @param topics that they publish to, as the document has them */
  use(rules: readonly BoundRule[], topics: readonly string[]): void {
    this.listener.subscribing.topics = topics;
    this.#routes = new MqttRoutes(rules, () => 0);
  }

  get starved(): boolean {
    for (const client of this.#heard) if (!client.starved) return false;
    return this.#heard.size > 0;
  }

  pause(): void {
    this.listener.pause();
  }

  resume(): void {
    if (!this.#stopping) this.listener.resume();
  }

  settle(arrival: number): void {
    const client = this.listener.clientOf(arrival);
    // A will is nobody's.
    if (client === undefined) return;
    client.settle(arrival % 2 ** 24);
    this.listener.settled(client);
    if (client.touched || client.over) return;
    client.touched = true;
    this.#touched.push(client);
  }

  acknowledge(): void {
    for (const client of this.#touched.splice(0)) client.acknowledge();
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

  /** Where messages go. */
  protected attach(intake: Intake): void {
    this.#intake = intake;
  }

  protected get routes(): MqttRoutes {
    return this.#routes;
  }

  start(intake: Intake): Promise<void> {
    this.attach(intake);
    return this.listen();
  }

  /** Lets clients in. */
  protected async listen(): Promise<void> {
    await this.listener.open();
    if (this.#stopping) {
      this.listener.stop();
      return;
    }
    this.listener.resume();
    this.#events.listening(this.listener.ports);
  }

  missing(): readonly string[] {
    return this.listener.listening ? [] : ['MQTT clients cannot connect yet'];
  }

  /** Lets clients go that can go elsewhere, while the others are served. Takes `limitMs` at most. */
  async part(limitMs: number): Promise<void> {
    await this.listener.part(limitMs);
  }

  stop(): void {
    this.#stopping = true;
    this.listener.stop();
  }

  async close(limitMs: number): Promise<void> {
    this.acknowledge();
    await this.listener.close(limitMs);
  }

  #publish(client: Client, arrival: number): void {
    this.#heard.add(client);
    if (!this.#take(client.session!, arrival)) client.unwanted();
  }

  /** Returns whether a rule or another client wants it. */
  #take(session: Session, arrival: number): boolean {
    const { message } = this.listener;
    const routes = this.#routes.of(message.topic);
    this.#scheduleTurn();
    const heard = this.listener.subscribing.route && message.oversizeBytes === 0 && this.#route(session, message);
    if (routes.length === 0) this.drop(message, arrival, heard ? 'delivered' : 'no_rule', session);
    else this.accept(message, arrival, routes, session);
    return heard || routes.length > 0;
  }

  /** A message that rules want. */
  protected accept(message: MqttMessage, arrival: number, routes: readonly Route[], _session: Session): void {
    this.handOver(message, arrival, routes);
  }

  protected handOver(message: MqttMessage, arrival: number, routes: readonly Route[]): void {
    if (message.oversizeBytes > 0) this.#intake.refuse(message, arrival, routes, oversizeError(message));
    else this.#intake.message(message, arrival, routes);
  }

  /** A message that no rule wants. */
  protected drop(message: MqttMessage, arrival: number, outcome: Outcome, _session: Session): void {
    this.#intake.drop(message, arrival, outcome);
  }

  /** All that came in one turn has been taken. */
  protected readEnd(): void {
    this.#intake.readEnd();
  }

  /** Returns whether somebody subscribes to it. Its sender does not wait for them: their sessions have it. */
  #route(session: Session, message: MqttMessage): boolean {
    const { sessions } = this.listener.subscribing;
    if (sessions.subscribed === 0) return false;
    return sessions.publish(message.topic, () => routed(message), undefined, session) > 0;
  }

  #scheduleTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turning = false;
    this.readEnd();
    this.#heard.clear();
  }
}
