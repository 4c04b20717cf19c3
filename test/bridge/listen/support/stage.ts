/** A bridge that MQTT clients connect to, with an embedded Kafka behind it, and a client that sends bytes as they are given. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Logger, pino } from 'pino';
import { completeDocument } from '../../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { freePort } from '../../../real/ports.ts';
import { until } from '../../../real/until.ts';

export interface StageOptions {
  readonly clients?: object;
  readonly mqtt?: object;
  readonly port?: object;
  readonly rules?: readonly object[];
  readonly delivery?: object;
  readonly log?: Logger;
}

export const fleetRule = {
  name: 'fleet',
  sql: 'SELECT payload FROM "cars/#"',
  sinks: [{ kafka: { topic: 'out', key: '${clientid}' } }],
};

export class Stage implements AsyncDisposable {
  readonly kafka: EmbeddedKafka;
  bridge: Bridge;
  readonly port: number;
  readonly #make: () => Promise<Bridge>;

  constructor(kafka: EmbeddedKafka, bridge: Bridge, port: number, make: () => Promise<Bridge>) {
    this.kafka = kafka;
    this.bridge = bridge;
    this.port = port;
    this.#make = make;
  }

  /** The same document again, as another process would run it. It is not started. */
  async again(): Promise<Bridge> {
    this.bridge = await this.#make();
    return this.bridge;
  }

  get node() {
    return this.kafka.cluster.nodes[0]!;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  get counts() {
    return this.bridge.listener!.listener.counts;
  }

  records(topic = 'out'): { key: string | undefined; value: string | undefined }[] {
    return this.kafka.records(topic).map(({ key, value }) => ({ key: key?.toString(), value: value?.toString() }));
  }

  async untilRecords(count: number, topic = 'out'): Promise<void> {
    await until(`${count} records`, () => this.records(topic).length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bridge.stop();
    await this.kafka.stop();
  }
}

export async function stage(options: StageOptions = {}): Promise<Stage> {
  const kafka = await startEmbeddedKafka({
    autoCreateTopics: false,
    topics: ['out', 'out2', 'dead'].map(name => ({ name, partitions: 1 })),
  });
  const port = await freePort();
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: {
        listen: [{ port, host: '127.0.0.1', ...options.port }],
        clients: { anonymous: true, ...options.clients },
        ...options.mqtt,
      },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } }, ...options.delivery },
      rules: options.rules ?? [fleetRule],
    },
  });
  const make = () =>
    prepareBridge(document, {
      secrets: { secretsDir: '' },
      log: options.log ?? pino({ level: process.env.MKB_TEST_LOG ?? 'silent' }),
    });
  const bridge = await make();
  await bridge.start();
  return new Stage(kafka, bridge, port, make);
}

/** A client that is not polite: it sends what it is given, and keeps what comes. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  closed = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.socket.on('error', () => undefined);
    this.socket.once('close', () => {
      this.closed = true;
    });
  }

  async opened(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    return this;
  }

  send(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }

  get hex(): string {
    return this.#received.toString('hex');
  }

  /** Waits until the server has said this. */
  async says(hex: string): Promise<void> {
    await until(`the server to say ${hex}, and not ${this.hex}`, () => this.hex.includes(hex.replaceAll(' ', '')));
  }

  async untilClosed(): Promise<void> {
    await until('the connection to be closed', () => this.closed);
  }
}
