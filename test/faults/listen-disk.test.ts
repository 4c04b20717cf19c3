// Devices without a broker got commands of Kafka, and the bridge was killed: what waited for them, or was on its way, was gone, or came twice with QoS 2.
import { setTimeout as pause } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { Device } from './listen-device.ts';
import { readAll, readFirst } from './read-numbers.ts';

/** A device with a session that gets commands; its connection breaks each second or so. */
class Subscriber {
  readonly got: number[] = [];
  readonly #client: MqttClient;
  readonly #breaks: NodeJS.Timeout;

  constructor(url: string, id: string, qos: 1 | 2) {
    this.#client = mqtt.connect(url, {
      clientId: id,
      protocolVersion: 5,
      clean: false,
      properties: { sessionExpiryInterval: 3600 },
      reconnectPeriod: 100,
      connectTimeout: 2000,
    });
    this.#client.on('error', () => undefined);
    this.#client.on('message', (_topic, payload) => this.got.push(Number(payload.toString())));
    this.#client.once('connect', () => this.#client.subscribe(`commands/${id}`, { qos }));
    this.#breaks = setInterval(() => this.#client.stream.destroy(), 900);
  }

  async stop(): Promise<void> {
    clearInterval(this.#breaks);
    await this.#client.endAsync(true);
  }
}

/** Commands in Kafka, numbered for each device. */
class Commands {
  readonly #producer: Producer;
  readonly #keys: readonly string[];
  #stopped = false;
  /** How many Kafka has of each. */
  written = 0;
  readonly #done: Promise<void>;

  constructor(producer: Producer, keys: readonly string[]) {
    this.#producer = producer;
    this.#keys = keys;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const messages = this.#keys.flatMap(key =>
        Array.from({ length: 5 }, (_, index) => ({ key, value: `${this.written + index}` })),
      );
      await until('Kafka to take commands', () =>
        this.#producer.send({ topic: 'commands', acks: -1, messages }).then(
          () => true,
          () => false,
        ),
      );
      this.written += 5;
      await pause(50);
    }
  }
}

describeReal('kafka')('clients of a bridge that listens, with a buffer on disk', () => {
  let kafka: RunningKafka;
  let bridge: MkbProcess;
  let port: number;
  const folder = temporaryFolder('listen-disk');

  beforeAll(async () => {
    kafka = await startKafka({ config: { 'offsets.topic.num.partitions': '1' } });
    for (const topic of ['out', 'commands']) await kafka.createTopic(topic, { partitions: 2 });
    const [mqttPort, httpPort] = (await freePorts(2)) as [number, number];
    port = mqttPort;
    bridge = new MkbProcess(
      {
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        metadata: { name: 'fleet' },
        spec: {
          mqtt: {
            listen: [{ port, host: '127.0.0.1' }],
            clients: { anonymous: true, sessions: { messages: 100_000, maxBytes: '64MiB' } },
          },
          kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
          delivery: { buffer: { mode: 'disk', path: folder } },
          rules: [
            {
              name: 'cars',
              sql: 'SELECT payload FROM "cars/#"',
              sinks: [{ kafka: { topic: 'out', key: '${clientid}' } }],
            },
            {
              name: 'commands',
              sql: 'SELECT value FROM "$kafka/commands"',
              sinks: [{ mqtt: { topic: 'commands/${key}', payload: '${value}', qos: 2 } }],
            },
          ],
        },
      },
      httpPort,
    );
    await bridge.start();
  });

  afterAll(async () => {
    await bridge?.remove();
    await kafka?.stop();
    removeFolder(folder);
  });

  test('lose nothing both ways, nor the order of each, when the bridge and Kafka are killed and connections break', async () => {
    const url = `mqtt://127.0.0.1:${port}`;
    const publishers = { a: new Device(url, 'a', 1), b: new Device(url, 'b', 2) };
    const subscribers = { c: new Subscriber(url, 'c', 1), d: new Subscriber(url, 'd', 2) };
    const clients = async () => (await bridge.metrics()).sum('mkb_clients_subscriptions');
    await until('both to be subscribed', async () => (await clients().catch(() => 0)) === 2);
    const producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const commands = new Commands(producer, ['c', 'd']);
    const progress = async (what: string) => {
      const before = [...Object.values(publishers).map(({ acknowledged }) => acknowledged.size), commands.written];
      const now = () => [...Object.values(publishers).map(({ acknowledged }) => acknowledged.size), commands.written];
      await until(what, () => now().every((count, index) => count > before[index]! + 30));
    };
    await progress('messages before any fault');
    for (let kill = 0; kill < (process.env.MKB_LONG ? 5 : 2); kill++) {
      await bridge.kill();
      await bridge.start();
      await progress('messages after the bridge was killed');
    }
    await kafka.brokers[0]!.kill();
    await kafka.brokers[0]!.start();
    await progress('messages after Kafka was killed');
    await Promise.all([commands.stop(), ...Object.values(publishers).map(each => each.stop())]);

    const acknowledged = Object.fromEntries(Object.entries(publishers).map(([id, each]) => [id, each.acknowledged]));
    const arrived = await readFirst(kafka, acknowledged);
    for (const [id, numbers] of Object.entries(acknowledged)) {
      const found = arrived.get(id)!;
      const there = new Set(found);
      expect([...numbers].filter(number => !there.has(number))).toEqual([]);
      expect(found).toEqual(found.toSorted((left, right) => left - right));
    }
    const { c, d } = subscribers;
    // What Kafka took of a request that it did not answer, the producer has written again.
    const written = await readAll(kafka, 'commands');
    for (const [id, { got }] of [
      ['c', c],
      ['d', d],
    ] as const)
      await until(`the commands of ${id}`, () => got.length >= written.get(id)!.length, { timeoutMs: 120_000 });
    expect(new Set(c.got)).toEqual(new Set(written.get('c')));
    expect(firsts(c.got)).toEqual(firsts(c.got).toSorted((left, right) => left - right));
    // With QoS 2 each record once, and in the order of the topic.
    expect(d.got).toEqual(written.get('d'));
    console.log(`${d.got.length} commands each; with QoS 1 ${c.got.length - written.get('c')!.length} came again`);
    await Promise.all([c.stop(), d.stop(), producer.disconnect()]);
  });
});

const firsts = (numbers: readonly number[]): number[] => [...new Set(numbers)];
