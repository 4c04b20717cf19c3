import type { MkbError } from '../../../../api/errors.ts';
import type { MqttMessage } from '../../../../bridge/mqtt/message.ts';
import type { SessionOptions } from '../../../../bridge/mqtt/options.ts';
import { Session } from '../../../../bridge/mqtt/session.ts';
import type { ConnectedInfo, SessionHandler } from '../../../../bridge/mqtt/session-handler.ts';
import { until } from '../../../real/until.ts';

export interface Received {
  readonly arrival: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly dup: boolean;
  readonly retain: boolean;
  readonly id: string;
}

/** A session and everything it has said, in order. It settles nothing by itself. */
export class Recording {
  readonly session: Session;
  readonly messages: Received[] = [];
  readonly events: string[] = [];
  readonly connections: ConnectedInfo[] = [];
  readonly losses: MkbError[] = [];
  readEnds = 0;
  failure: MkbError | undefined;
  /** Called for each message after it was recorded. */
  onMessage: (message: MqttMessage, arrival: number) => void = () => {};
  onReadEnd: () => void = () => {};
  onLoss: () => void = () => {};
  onSessionLost: () => boolean = () => false;
  connectsLater: Promise<void> | undefined;

  constructor(options: Partial<SessionOptions> & { urls: readonly string[] }) {
    this.session = new Session({ ...defaults, ...options }, this.#handler());
  }

  start(): this {
    this.session.start();
    return this;
  }

  get payloads(): string[] {
    return this.messages.map(({ payload }) => payload);
  }

  /** Settles the messages with these payloads, as they came first, and acknowledges. */
  settle(...payloads: string[]): void {
    for (const payload of payloads) {
      const message = this.messages.find(received => received.payload === payload);
      if (!message) throw new Error(`No message ${payload} came`);
      this.session.settle(message.arrival);
    }
    this.session.acknowledge();
  }

  async messagesCame(count: number): Promise<void> {
    await until(`${count} messages; ${this.messages.length} came`, () => this.messages.length >= count, quickly);
  }

  async connectedTimes(count: number): Promise<ConnectedInfo> {
    await until(`connection ${count}`, () => this.connections.length >= count, quickly);
    return this.connections[count - 1] as ConnectedInfo;
  }

  async lostTimes(count: number): Promise<MkbError> {
    await until(`loss ${count}`, () => this.losses.length >= count, quickly);
    return this.losses[count - 1] as MkbError;
  }

  async failed(): Promise<MkbError> {
    return await until('a failure', () => this.failure, quickly);
  }

  /** The first error, retryable or not. */
  async refused(): Promise<MkbError> {
    return await until('an error', () => this.failure ?? this.losses[0], quickly);
  }

  #handler(): SessionHandler {
    return {
      message: (message, arrival) => {
        const { topic, qos, dup, retain, id } = message;
        this.messages.push({ arrival, topic, payload: message.payload.toString(), qos, dup, retain, id });
        this.onMessage(message, arrival);
      },
      readEnd: () => {
        this.readEnds++;
        this.onReadEnd();
      },
      sessionLost: () => this.onSessionLost(),
      connectsLater: () => this.connectsLater,
      connected: info => {
        this.events.push('connected');
        this.connections.push(info);
      },
      disconnected: error => {
        this.events.push(error.code);
        this.losses.push(error);
        this.onLoss();
      },
      noticed: error => {
        this.events.push(error.code);
      },
      failed: error => {
        this.events.push(`failed ${error.code}`);
        this.failure = error;
      },
    };
  }
}

const quickly = { everyMs: 2 };

const defaults: Omit<SessionOptions, 'urls'> = {
  version: '5',
  clientId: 'bridge',
  subscriptions: [{ filter: 'a/#', qos: 2 }],
  keepAliveMs: 30_000,
  sessionExpirySeconds: 3600,
  receiveMaximum: 100,
  maximumPacketSize: 1_000_000,
  connectTimeoutMs: 30_000,
  reconnect: { minDelayMs: 1, maxDelayMs: 20 },
  windowCapacity: 128,
};
