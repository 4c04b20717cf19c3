/**
 * Publishers of numbered messages, and what the broker acknowledged of them.
 *
 * Each client has a topic of its own and publishes its numbers in order. After a lost connection it publishes nothing new until what was
 * under way is settled: mqtt.js sends that again, and lets new messages overtake it.
 */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { numberedPayload } from './numbered-message.ts';
import type { Ledger } from './verdict.ts';

export interface LoadOptions {
  readonly mqttUrl: string;
  /** Client `c3` publishes to `<topicPrefix>/c3`. */
  readonly topicPrefix: string;
  readonly clients: number;
  /** Infinity publishes until `enough` is called. */
  readonly messagesPerClient: number;
  readonly qos: 1 | 2;
  /** The MQTT version of the publishers, by its protocol level; 5 when left out. */
  readonly protocolVersion?: 4 | 5;
  /** All clients together. */
  readonly messagesPerSecond: number;
  readonly payloadBytes: number;
  /** How to connect, beside url and client id: login, TLS. */
  readonly connect?: IClientOptions;
  /** Called for each message that is published. */
  readonly published?: (client: string, number: number) => void;
}

/** How many messages of a client may wait for their acknowledgement. */
const window = 50;
const tickMs = 10;
/** Of a load without an end: what could not be published for longer than this is not made up for, milliseconds. */
const mostLateMs = 200;

export class Load {
  readonly options: LoadOptions;
  readonly ledgers: readonly Ledger[];
  readonly #publishers: readonly Publisher[];
  #timer: NodeJS.Timeout | undefined;
  readonly #finished = Promise.withResolvers<void>();

  constructor(options: LoadOptions) {
    this.options = options;
    this.#publishers = Array.from({ length: options.clients }, (_, index) => new Publisher(`c${index}`, options));
    this.ledgers = this.#publishers.map(({ ledger }) => ledger);
  }

  get total(): number {
    return this.options.clients * this.options.messagesPerClient;
  }

  /** How many messages the broker has acknowledged so far. */
  get acknowledged(): number {
    return this.ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  }

  /** Connects all clients and begins. */
  async start(): Promise<void> {
    await Promise.all(this.#publishers.map(publisher => publisher.connected));
    const start = performance.now();
    let given = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - start) / 1000) * this.options.messagesPerSecond);
      if (!Number.isFinite(this.total))
        given = Math.max(given, due - Math.ceil((this.options.messagesPerSecond * mostLateMs) / 1000));
      given += this.#publish(due - given);
      if (this.#publishers.every(({ done }) => done)) this.#finished.resolve();
    }, tickMs);
  }

  /** Settles when every message has been published and is acknowledged or has failed. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Publishes nothing new any more. */
  enough(): void {
    for (const publisher of this.#publishers) publisher.enough();
  }

  /** Whether every client is connected. */
  get connected(): boolean {
    return this.#publishers.every(publisher => publisher.isConnected);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#finished.resolve();
    await Promise.all(this.#publishers.map(publisher => publisher.end()));
  }

  /** Gives each client its turn until `count` messages are out or nobody may publish. Returns how many are out. */
  #publish(count: number): number {
    let left = count;
    let progress = true;
    while (left > 0 && progress) {
      progress = false;
      for (const publisher of this.#publishers) {
        if (left === 0 || !publisher.mayPublish) continue;
        publisher.publish();
        left -= 1;
        progress = true;
      }
    }
    return count - left;
  }
}

class Publisher {
  readonly ledger: Ledger;
  readonly connected: Promise<unknown>;
  readonly #options: LoadOptions;
  readonly #client: MqttClient;
  readonly #topic: string;
  #underWay = 0;
  #last: number;
  /** After a lost connection, until nothing is under way. */
  #settling = false;

  constructor(client: string, options: LoadOptions) {
    this.#options = options;
    this.#last = options.messagesPerClient;
    this.ledger = { client, published: 0, acknowledged: new Set() };
    this.#topic = `${options.topicPrefix}/${client}`;
    this.#client = mqtt.connect(options.mqttUrl, {
      protocolVersion: options.protocolVersion ?? 5,
      clientId: `${options.topicPrefix.replaceAll('/', '-')}-${client}`,
      clean: false,
      properties: { sessionExpiryInterval: 3600 },
      reconnectPeriod: 200,
      ...options.connect,
    });
    this.#client.on('error', () => undefined);
    this.#client.on('close', () => {
      this.#settling = this.#underWay > 0;
    });
    this.connected = new Promise(resolve => this.#client.once('connect', resolve));
  }

  get mayPublish(): boolean {
    const left = this.ledger.published < this.#last;
    return left && this.#client.connected && !this.#settling && this.#underWay < window;
  }

  get done(): boolean {
    return this.ledger.published === this.#last && this.#underWay === 0;
  }

  enough(): void {
    this.#last = this.ledger.published;
  }

  get isConnected(): boolean {
    return this.#client.connected;
  }

  publish(): void {
    const { client } = this.ledger;
    const number = this.ledger.published++;
    this.#options.published?.(client, number);
    this.#underWay += 1;
    const payload = numberedPayload({ client, number }, this.#options.payloadBytes);
    this.#client.publish(this.#topic, payload, { qos: this.#options.qos }, error => {
      if (!error) this.ledger.acknowledged.add(number);
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#settling = false;
    });
  }

  end(): Promise<void> {
    return this.#client.endAsync(true);
  }
}
