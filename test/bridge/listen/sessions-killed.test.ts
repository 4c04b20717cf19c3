// A bridge that clients connect to was killed: their subscriptions were gone, and the commands that waited for devices that were away.
import { Kafka, logLevel, type Producer } from 'kafkajs';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { freePorts } from '../../real/ports.ts';
import { until } from '../../real/until.ts';
import { MkbProcess } from '../../support/bridge-process.ts';
import { RawClient } from './support/stage.ts';

let kafka: EmbeddedKafka;
let bridge: MkbProcess;
let port: number;
let folder: string;
let producer: Producer;
const clients: MqttClient[] = [];

beforeEach(async () => {
  folder = temporaryFolder('sessions');
  kafka = await startEmbeddedKafka({
    autoCreateTopics: false,
    topics: ['out', 'commands'].map(name => ({ name, partitions: 1 })),
  });
  producer = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const [mqttPort, httpPort] = (await freePorts(2)) as [number, number];
  port = mqttPort;
  bridge = new MkbProcess(
    {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: 'b' },
      spec: {
        mqtt: { listen: [{ port, host: '127.0.0.1' }], clients: { anonymous: true, route: true } },
        kafka: { bootstrapServers: [kafka.bootstrap] },
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

afterEach(async () => {
  await Promise.all(clients.splice(0).map(each => each.endAsync(true)));
  await producer.disconnect();
  await bridge.remove();
  await kafka.stop();
  removeFolder(folder);
});

const killAndStart = async () => {
  await bridge.kill();
  await bridge.start();
};

interface Device {
  readonly client: MqttClient;
  readonly present: boolean;
  readonly got: IPublishPacket[];
}

async function device(clientId: string, options: IClientOptions = {}): Promise<Device> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    clientId,
    clean: false,
    properties: { sessionExpiryInterval: 3600 },
    ...options,
  });
  client.on('error', () => undefined);
  clients.push(client);
  const got: IPublishPacket[] = [];
  client.on('message', (_topic, _payload, packet) => got.push(packet));
  const present = await new Promise<boolean>((resolve, reject) =>
    client.once('connect', ({ sessionPresent }) => resolve(sessionPresent)).once('close', reject),
  );
  return { client, present, got };
}

const texts = ({ got }: Device): string[] => got.map(({ payload }) => payload.toString());
const lost = async ({ client }: Device) => {
  client.stream.destroy();
  await until('it is gone', () => !client.connected);
};

const command = (key: string, from: number, to: number) =>
  producer.send({
    topic: 'commands',
    messages: Array.from({ length: to - from }, (_, index) => ({ key, value: `${from + index}` })),
  });
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `${from + index}`);

/** What the metrics of the bridge say. */
const metric = async (name: string) => (await bridge.metrics()).sum(name);

describe('a bridge with a buffer on disk that is killed', () => {
  test('has the session of a client again, its subscriptions, and what waited, in order', async () => {
    const car = await device('car-1');
    await car.client.subscribeAsync('commands/car-1', { qos: 1 });
    await lost(car);
    await command('car-1', 0, 20);
    await until('they wait', async () => (await metric('mkb_clients_queued_messages')) === 20);
    await killAndStart();
    await command('car-1', 20, 25);
    const again = await device('car-1');
    expect(again.present).toBe(true);
    await until('all are there', () => again.got.length >= 25);
    expect(texts(again)).toEqual(numbers(0, 25));
  });

  test('does not send a second time what a client had acknowledged, nor with QoS 2 what it had received', async () => {
    const car = await device('car-1');
    await car.client.subscribeAsync('commands/car-1', { qos: 2 });
    await command('car-1', 0, 20);
    await until('all are there', () => car.got.length === 20);
    await bridge.kill();
    await bridge.start();
    const again = await device('car-1');
    await command('car-1', 20, 21);
    await until('the next is there', () => again.got.length > 0);
    // Those that the client had not answered come again, and its library knows them by their identifiers.
    expect(texts(again)).toEqual(['20']);
  });

  test.each([1, 20])('sends %i commands of QoS 2 once, although Kafka gives their records again', async count => {
    // Kafka had been away, or the group was made up again: what had not been committed was sent a second time.
    const car = await device('car-1');
    await car.client.subscribeAsync('commands/car-1', { qos: 2 });
    const commits = kafka.faults.add({ api: 'OffsetCommit', error: -1, times: Number.POSITIVE_INFINITY });
    await command('car-1', 0, count);
    await until('they are there', () => car.got.length === count);
    kafka.faults.add({ api: 'Heartbeat', error: 'REBALANCE_IN_PROGRESS' });
    await until('them to be read again', async () => (await metric('mkb_messages_received_total')) === 2 * count);
    commits.remove();
    await command('car-1', count, count + 1);
    await until('the next is there', () => texts(car).includes(`${count}`));
    expect(texts(car)).toEqual(numbers(0, count + 1));
  });

  test('sends all records of a topic that was made again, although their offsets are as before', async () => {
    const car = await device('car-1');
    await car.client.subscribeAsync('commands/car-1', { qos: 2 });
    await command('car-1', 0, 5);
    await until('they are there', () => car.got.length === 5);
    kafka.cluster.deleteTopic('commands');
    kafka.cluster.createTopic('commands', 1);
    await command('car-1', 5, 8);
    await until('the new ones are there', () => car.got.length === 8);
    expect(texts(car)).toEqual(numbers(0, 8));
  });

  test('knows by its identifier a message of QoS 2 that comes again', async () => {
    // Version 3.1.1, client id c1, no clean session.
    const connect = '10 0e 00044d515454 04 00 003c 0002 6331';
    const publish = (flags: string) => `${flags} 0b 0006 636172732f31 0007 78`;
    const car = await new RawClient(port).opened();
    car.send(connect);
    await car.says('20020000');
    car.send(publish('34'));
    await car.says('50020007');
    await until('it is in Kafka', () => kafka.records('out').length === 1);
    // The ledger of the buffer is written each second: without it the message would be handed over again, as all buffers do.
    await until('it is settled', async () => (await metric('mkb_buffer_messages')) === 0);
    await killAndStart();
    const again = await new RawClient(port).opened();
    again.send(connect);
    await again.says('20020100');
    again.send(publish('3c'));
    await again.says('50020007');
    again.send('62 02 0007');
    await again.says('70020007');
    expect(await metric('mkb_buffer_messages_received_total')).toBe(0);
    // From now on the identifier stands for another message.
    again.send(publish('34'));
    await until('the next is in Kafka', async () => (await metric('mkb_buffer_messages_received_total')) === 1);
    car.socket.destroy();
    again.socket.destroy();
  });

  test('sends what was in flight again with its identifier and DUP', async () => {
    const connect = '10 0e 00044d515454 04 00 003c 0002 6331';
    const car = await new RawClient(port).opened();
    car.send(connect);
    await car.says('20020000');
    // commands/c1, QoS 2
    car.send('82 10 0001 000b 636f6d6d616e64732f6331 02');
    await car.says('9003000102');
    await command('c1', 7, 8);
    await car.says('34 10 000b 636f6d6d616e64732f6331 0001 37');
    await killAndStart();
    const again = await new RawClient(port).opened();
    again.send(connect);
    await again.says('20020100');
    await again.says('3c 10 000b 636f6d6d616e64732f6331 0001 37');
    again.send('50 02 0001');
    await again.says('62 02 0001');
    await bridge.kill();
    await bridge.start();
    const third = await new RawClient(port).opened();
    third.send(connect);
    await third.says('20020100');
    await third.says('62 02 0001');
    third.send('70 02 0001');
    expect(third.hex).not.toContain('636f6d6d616e6473');
    for (const each of [car, again, third]) each.socket.destroy();
  });

  test('keeps what a client was to get from another, once that was acknowledged', async () => {
    const away = await device('away');
    await away.client.subscribeAsync('chat/#', { qos: 1 });
    await lost(away);
    const speaker = await device('speaker');
    for (const text of numbers(0, 10)) await speaker.client.publishAsync('chat/1', text, { qos: 1 });
    await killAndStart();
    const again = await device('away');
    await until('all are there', () => again.got.length >= 10);
    expect(texts(again)).toEqual(numbers(0, 10));
  });

  test('publishes a will that was delayed, when its time has come', async () => {
    const car = await device('car-1', {
      will: {
        topic: 'cars/1',
        payload: Buffer.from('lost'),
        qos: 1,
        retain: false,
        properties: { willDelayInterval: 3 },
      },
    });
    await lost(car);
    await until('the bridge has heard', async () => (await metric('mkb_clients_connected')) === 0);
    // A SUBACK comes when all that was before it is on the disk.
    await (await device('other')).client.subscribeAsync('chat/#', { qos: 1 });
    await killAndStart();
    await until('the will is in Kafka', () => kafka.records('out').length === 1);
    expect(kafka.records('out').map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ['car-1', 'lost'],
    ]);
  });

  test('keeps no session that ended: by clean start, or with its connection', async () => {
    const car = await device('car-1');
    await car.client.subscribeAsync('commands/car-1', { qos: 1 });
    const brief = await device('car-2', { properties: { sessionExpiryInterval: 0 } });
    await brief.client.subscribeAsync('commands/car-2', { qos: 1 });
    await car.client.endAsync();
    const fresh = await device('car-1', { clean: true });
    await fresh.client.subscribeAsync('commands/x', { qos: 1 });
    await killAndStart();
    await command('car-1', 0, 1);
    expect((await device('car-2')).present).toBe(false);
    const again = await device('car-1');
    expect(again.present).toBe(true);
    await command('x', 1, 2);
    await until('what it subscribes to now is there', () => again.got.length > 0);
    expect(texts(again)).toEqual(['1']);
  });

  test('is stopped and started as well', async () => {
    const car = await device('car-1');
    await car.client.subscribeAsync('commands/car-1', { qos: 1 });
    await bridge.stop();
    await command('car-1', 0, 5);
    await bridge.start();
    const again = await device('car-1');
    expect(again.present).toBe(true);
    await until('all are there', () => again.got.length >= 5);
    expect(texts(again)).toEqual(numbers(0, 5));
    await bridge.kill();
  });
});
