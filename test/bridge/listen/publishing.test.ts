/** MQTT clients publish to the bridge itself: what is acknowledged is in Kafka. */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { fleetRule, type Stage, type StageOptions, stage } from './support/stage.ts';

let current: Stage;
const clients: MqttClient[] = [];

async function start(options?: StageOptions): Promise<Stage> {
  current = await stage(options);
  return current;
}

async function client(options: IClientOptions = {}): Promise<MqttClient> {
  const made = await mqtt.connectAsync(current.url, { protocolVersion: 5, reconnectPeriod: 0, ...options }, false);
  made.on('error', () => undefined);
  clients.push(made);
  return made;
}

/** What a client emits next under a name. */
const next = (from: MqttClient, event: 'packetreceive' | 'disconnect') =>
  new Promise<unknown>(resolve => from.once(event, resolve));

afterEach(async () => {
  await Promise.all(clients.splice(0).map(each => each.endAsync(true)));
  await current[Symbol.asyncDispose]();
});

const versions = [5, 4] as const;
const cells = versions.flatMap(version => ([0, 1, 2] as const).map(qos => [version, qos] as const));

describe('a message', () => {
  test.each(
    cells,
  )('of MQTT version %d with QoS %d is in Kafka once, under the client id', async (protocolVersion, qos) => {
    await start();
    const car = await client({ protocolVersion, clientId: 'car-1' });
    for (let number = 0; number < 20; number++) await car.publishAsync('cars/1', `${number}`, { qos });
    if (qos > 0) expect(current.records()).toHaveLength(20);
    await current.untilRecords(20);
    expect(current.records()).toEqual(
      Array.from({ length: 20 }, (_, number) => ({ key: 'car-1', value: `${number}` })),
    );
  });

  test('of many clients at once keeps the order of each client', async () => {
    await start();
    const cars = await Promise.all(Array.from({ length: 20 }, (_, car) => client({ clientId: `car-${car}` })));
    await Promise.all(
      cars.flatMap(car =>
        Array.from({ length: 50 }, (_, number) => car.publishAsync('cars/1', `${number}`, { qos: 1 })),
      ),
    );
    expect(current.records()).toHaveLength(1000);
    for (let car = 0; car < 20; car++)
      expect(current.records().flatMap(({ key, value }) => (key === `car-${car}` ? [value] : []))).toEqual(
        Array.from({ length: 50 }, (_, number) => `${number}`),
      );
  });

  test('that no rule wants is acknowledged with reason 0x10, and counted', async () => {
    await start();
    const car = await client();
    const answer = next(car, 'packetreceive');
    await car.publishAsync('planes/1', 'x', { qos: 1 });
    expect(await answer).toMatchObject({ cmd: 'puback', reasonCode: 0x10 });
    expect(current.bridge.account.count('no_rule')).toBe(1);
  });

  test('shows who published it, from where and how', async () => {
    await start({
      rules: [
        {
          ...fleetRule,
          sql: 'SELECT clientid, username, peerhost, peername, clean_start, proto_ver, pub_props.\'User-Property\'.vin AS vin FROM "cars/#"',
          sinks: [{ kafka: { topic: 'out' } }],
        },
      ],
    });
    const car = await client({ clientId: 'car-1', username: 'fleet', password: 'x' });
    await car.publishAsync('cars/1', 'x', { qos: 1, properties: { userProperties: { vin: 'W1' } } });
    const row = JSON.parse(current.records()[0]!.value!);
    expect(row).toMatchObject({
      clientid: 'car-1',
      username: 'fleet',
      peerhost: '127.0.0.1',
      clean_start: true,
      proto_ver: 5,
      vin: 'W1',
    });
    expect(row.peername).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('with a topic alias has the topic that the alias stands for', async () => {
    await start({ rules: [{ ...fleetRule, sinks: [{ kafka: { topic: 'out', key: '${topic}' } }] }] });
    const car = await client();
    await car.publishAsync('cars/long/name', '1', { qos: 1, properties: { topicAlias: 3 } });
    await car.publishAsync('', '2', { qos: 1, properties: { topicAlias: 3 } });
    expect(current.records()).toEqual(['1', '2'].map(value => ({ key: 'cars/long/name', value })));
  });

  test('that a rule fails for is acknowledged, and a dead letter with the client id', async () => {
    await start({ rules: [{ ...fleetRule, sql: 'SELECT payload.x AS x FROM "cars/#"' }] });
    const car = await client({ clientId: 'car-1' });
    await car.publishAsync('cars/1', 'no json', { qos: 1 });
    await current.untilRecords(1, 'dead');
    const [letter] = current.kafka.records('dead');
    expect(letter!.headers.map(([name, value]) => [name, value?.toString()])).toContainEqual([
      'mqtt.clientid',
      'car-1',
    ]);
  });
});

test('the will of a client that is lost is published, and that of one that says goodbye is not', async () => {
  await start();
  const will = { topic: 'cars/will', payload: Buffer.from('lost'), qos: 1 as const, retain: false };
  const lost = await client({
    clientId: 'car-1',
    will: { ...will, properties: { willDelayInterval: 60, userProperties: { a: 'b' } } },
  });
  lost.stream.destroy();
  await current.untilRecords(1);
  const polite = await client({ clientId: 'car-2', will });
  await polite.endAsync();
  const last = await client({ clientId: 'car-3' });
  await last.publishAsync('cars/3', 'last', { qos: 1 });
  expect(current.records()).toEqual([
    { key: 'car-1', value: 'lost' },
    { key: 'car-3', value: 'last' },
  ]);
});

test('a second connection with a client id takes the place of the first, which hears why', async () => {
  await start();
  const first = await client({ clientId: 'car-1' });
  const reason = next(first, 'disconnect');
  await client({ clientId: 'car-1' });
  expect(await reason).toMatchObject({ reasonCode: 0x8e });
  expect(current.bridge.listener!.listener.connected).toBe(1);
});

test('a subscription is refused, and the reason says what to do', async () => {
  await start();
  const car = await client();
  const answer = next(car, 'packetreceive');
  await car.subscribeAsync('cars/#').catch(() => undefined);
  expect(await answer).toMatchObject({
    cmd: 'suback',
    granted: [0x83],
    properties: { reasonString: expect.stringContaining('mqtt sink') },
  });
});

test('nothing is acknowledged while Kafka is away, and all of it when it is back', async () => {
  await start();
  const car = await client({ clientId: 'car-1' });
  await current.kafka.cluster.node(1).stop();
  let acknowledged = 0;
  const all = Array.from({ length: 300 }, (_, number) =>
    car.publishAsync('cars/1', `${number}`, { qos: 1 }).then(() => acknowledged++),
  );
  await until('messages to arrive', () => current.bridge.account.received > 0);
  expect(acknowledged).toBe(0);
  await current.kafka.cluster.node(1).start();
  await Promise.all(all);
  expect(current.records().map(({ value }) => value)).toEqual(Array.from({ length: 300 }, (_, number) => `${number}`));
});
