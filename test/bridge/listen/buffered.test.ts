// Devices without a broker could publish nothing while Kafka was down: a bridge that they connect to had no buffer on disk.
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walk } from '../../../bridge/buffer/inspect.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { type Stage, type StageOptions, stage } from './support/stage.ts';

let current: Stage;
let folder: string;
const clients: MqttClient[] = [];

/** The columns that say who published a message. */
const columns = {
  name: 'fleet',
  sql: 'SELECT payload, clientid, username, peerhost, peername, clean_start, proto_ver, client_attrs FROM "cars/#"',
  sinks: [
    {
      kafka: {
        topic: 'out',
        key: '${clientid}',
        value: '${clientid} ${username} ${peerhost} ${clean_start} ${proto_ver} ${client_attrs.kind} ${payload}',
      },
    },
  ],
};
const textOf = (number: number) => `car-1 anna 127.0.0.1 false 5 car ${number}`;

async function start(buffer: object = {}, options: StageOptions = {}): Promise<Stage> {
  current = await stage({
    rules: [columns],
    clients: { anonymous: true, attributes: [{ name: 'kind', from: 'clientId', pattern: '^([a-z]+)-' }] },
    delivery: { buffer: { mode: 'disk', path: folder, ...buffer }, shutdownTimeout: '2s' },
    ...options,
  });
  return current;
}

async function client(options: IClientOptions = {}): Promise<MqttClient> {
  const made = await mqtt.connectAsync(
    current.url,
    { protocolVersion: 5, reconnectPeriod: 0, clientId: 'car-1', username: 'anna', clean: false, ...options },
    false,
  );
  made.on('error', () => undefined);
  clients.push(made);
  return made;
}

const publish = async (car: MqttClient, from: number, to: number, qos: 0 | 1 | 2 = 1): Promise<void> => {
  await Promise.all(
    Array.from({ length: to - from }, (_, index) => car.publishAsync('cars/1', `${from + index}`, { qos })),
  );
};

/** Kafka goes, and nothing that is published reaches it. */
const withoutKafka = () => current.node.stop();

const restart = async (): Promise<void> => {
  await current.bridge.stop();
  await current.again();
  void current.bridge.start();
  await until('clients can connect', () => current.bridge.listener!.listener.listening);
};

beforeEach(() => {
  folder = temporaryFolder('listen-buffer');
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map(each => each.endAsync(true)));
  await current[Symbol.asyncDispose]();
  removeFolder(folder);
});

describe('with a buffer on disk', () => {
  test.each([
    ['always', 1],
    ['always', 2],
    ['interval', 1],
  ] as const)('and fsync: %s, QoS %d is acknowledged while Kafka is down, and is in Kafka when it is back', async (fsync, qos) => {
    await start({ fsync });
    const car = await client();
    await withoutKafka();
    await publish(car, 0, 200, qos);
    expect(current.records()).toEqual([]);
    expect(current.bridge.buffer).toMatchObject({ received: 200, messages: 200, writable: true });
    await current.node.start();
    await current.untilRecords(200);
    expect(current.records().map(({ value }) => value)).toEqual(Array.from({ length: 200 }, (_, at) => textOf(at)));
  });

  test('who published a message is known to its rules after a restart, and messages keep their order', async () => {
    await start();
    const car = await client();
    await withoutKafka();
    await publish(car, 0, 100);
    await restart();
    const again = await client();
    await publish(again, 100, 150);
    await current.node.start();
    await current.untilRecords(150);
    expect(current.records()).toEqual(Array.from({ length: 150 }, (_, at) => ({ key: 'car-1', value: textOf(at) })));
    await until('each is counted once', () => current.bridge.account.count('delivered') === 150);
  });

  test('clients are let in and publish before Kafka was ever reached', async () => {
    await start();
    await withoutKafka();
    await restart();
    await publish(await client(), 0, 10);
    expect(current.bridge.buffer).toMatchObject({ messages: 10 });
    await current.node.start();
    await current.untilRecords(10);
  });

  test('a message that no rule wants is not put into it, and is acknowledged with reason 0x10', async () => {
    await start();
    const car = await client();
    await withoutKafka();
    const answer = new Promise<unknown>(resolve => car.once('packetreceive', resolve));
    await car.publishAsync('planes/1', 'x', { qos: 1 });
    expect(await answer).toMatchObject({ cmd: 'puback', reasonCode: 0x10 });
    expect(current.bridge.buffer).toMatchObject({ received: 0 });
    expect(current.bridge.account.count('no_rule')).toBe(1);
  });

  test('that is full, clients wait, and nothing of theirs is lost', async () => {
    await start({ maxBytes: '1MiB' });
    const car = await client();
    await withoutKafka();
    let acknowledged = 0;
    const filler = 'x'.repeat(10_000);
    const sent = Array.from({ length: 200 }, (_, number) =>
      car.publishAsync('cars/1', `${number} ${filler}`, { qos: 1 }).then(() => void acknowledged++),
    );
    const isFull = () => current.bridge.missing().includes('its buffer is full, or cannot be written');
    await until('the buffer is full', isFull);
    // Whoever publishes nothing is answered meanwhile.
    const other = await client({ clientId: 'car-2' });
    await other.subscribeAsync('none/of/them').catch(() => undefined);
    expect(acknowledged).toBeLessThan(200);
    await current.node.start();
    await Promise.all(sent);
    await current.untilRecords(200);
    expect(current.records().map(({ value }) => Number(value!.split(' ')[6]))).toEqual(
      Array.from({ length: 200 }, (_, number) => number),
    );
  });

  test('and dropNewest, what comes when it is full is acknowledged and counted', async () => {
    await start({ maxBytes: '1MiB', whenFull: 'dropNewest' });
    const car = await client();
    await withoutKafka();
    const filler = 'x'.repeat(10_000);
    for (let round = 0; round < 4; round++)
      await Promise.all(
        Array.from({ length: 50 }, (_, number) =>
          car.publishAsync('cars/1', `${round * 50 + number} ${filler}`, { qos: 1 }),
        ),
      );
    const { account } = current.bridge;
    expect(account.count('buffer_full')).toBeGreaterThan(0);
    await current.node.start();
    await until('all are somewhere', () => account.count('delivered') + account.count('buffer_full') === 200);
    expect(current.records()).toHaveLength(account.count('delivered'));
  });

  test('a will is put into it, with the columns of its client', async () => {
    await start();
    const car = await client({ will: { topic: 'cars/1', payload: Buffer.from('lost'), qos: 1, retain: false } });
    await withoutKafka();
    car.stream.destroy();
    await until('it is there', () => current.bridge.buffer?.messages === 1);
    await restart();
    await current.node.start();
    await current.untilRecords(1);
    expect(current.records()).toEqual([{ key: 'car-1', value: 'car-1 anna 127.0.0.1 false 5 car lost' }]);
  });

  test('a dead letter names the client, although it is gone', async () => {
    const failing = { ...columns, sql: 'SELECT json_decode(payload) AS p, clientid FROM "cars/#"' };
    await start(
      {},
      {
        rules: [{ ...failing, sinks: [{ kafka: { topic: 'out', value: '${p.speed}' } }] }],
        delivery: {
          buffer: { mode: 'disk', path: folder },
          shutdownTimeout: '2s',
          onFailure: { deadLetter: { topic: 'dead' } },
        },
      },
    );
    const car = await client();
    await withoutKafka();
    await publish(car, 0, 1);
    await car.publishAsync('cars/1', 'no JSON', { qos: 1 });
    await restart();
    await current.node.start();
    await current.untilRecords(1, 'dead');
    const letter = current.kafka.records('dead').at(-1)!;
    const headers = letter.headers.map(([name, value]) => `${name}=${value}`);
    expect(headers).toContainEqual(expect.stringMatching(/mqtt\.clientid=car-1/));
  });

  test('mkb buffer export says who published what waits', async () => {
    await start();
    const car = await client();
    await withoutKafka();
    await publish(car, 0, 3);
    const found: unknown[] = [];
    await walk(`${folder}/b-0`, undefined, { message: ({ publisher }) => found.push(publisher) });
    const { clientid, peername } = found[0] as { clientid: string; peername: string };
    expect([found.length, clientid]).toEqual([3, 'car-1']);
    expect(peername).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

test.each([
  'dropOldest',
  'dropNewest',
] as const)('in memory, %s drops what is too much, and clients of QoS 0 never wait', async whenFull => {
  await start({ mode: 'memory', path: undefined, maxBytes: '1MiB', whenFull });
  const car = await client();
  await withoutKafka();
  const filler = 'x'.repeat(10_000);
  for (let number = 0; number < 300; number++) car.publish('cars/1', `${number} ${filler}`);
  const { account } = current.bridge;
  await until('all have been read', () => current.bridge.buffer?.received === 300);
  expect(account.count('buffer_full')).toBeGreaterThan(0);
  await current.node.start();
  await until('all are somewhere', () => account.count('delivered') + account.count('buffer_full') === 300);
  const numbers = current.records().map(({ value }) => Number(value!.split(' ')[6]));
  expect(numbers).toHaveLength(account.count('delivered'));
  expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
  expect(whenFull === 'dropOldest' ? numbers.at(-1) : numbers[0]).toBe(whenFull === 'dropOldest' ? 299 : 0);
});
