/** MQTT clients of the bridge get what rules publish to the topics that they subscribe to. */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { echo, Scene } from './support/scene.ts';
import { RawClient, type StageOptions } from './support/stage.ts';

const scene = new Scene();

afterEach(() => scene.end());

describe('a subscriber', () => {
  const cells = ([5, 4] as const).flatMap(version => ([0, 1, 2] as const).map(qos => [version, qos] as const));

  test.each(cells)('of MQTT version %d with QoS %d gets messages in order, each once', async (protocolVersion, qos) => {
    await scene.start();
    const car = await scene.device({ protocolVersion });
    await car.client.subscribeAsync('cars/+/commands', { qos });
    const other = await scene.device();
    for (let number = 0; number < 50; number++)
      await other.client.publishAsync('cars/1/commands', `${number}`, { qos: 1 });
    await until('50 messages', () => car.got.length >= 50);
    expect(car.payloads).toEqual(Array.from({ length: 50 }, (_, number) => `${number}`));
    // The sink publishes with QoS 1.
    expect(car.got[0]).toMatchObject({ topic: 'cars/1/commands', qos: Math.min(qos, 1), retain: false, dup: false });
  });

  test('of a sink with QoS 2 gets each message once', async () => {
    await scene.start({ rules: [{ ...echo, sinks: [{ mqtt: { topic: '${topic}', qos: 2 } }] }] });
    const car = await scene.device();
    await car.client.subscribeAsync('a', { qos: 2 });
    for (let number = 0; number < 20; number++) await car.client.publishAsync('a', `${number}`, { qos: 2 });
    await until('20 messages', () => car.got.length >= 20);
    expect(car.payloads).toEqual(Array.from({ length: 20 }, (_, number) => `${number}`));
    expect(car.got[0]!.qos).toBe(2);
  });

  test('with overlapping subscriptions gets one message, of the highest QoS and with the identifier of each', async () => {
    await scene.start();
    const car = await scene.device();
    await car.client.subscribeAsync('a/#', { qos: 0, properties: { subscriptionIdentifier: 7 } });
    await car.client.subscribeAsync('a/+', { qos: 1, properties: { subscriptionIdentifier: 300 } });
    await car.client.publishAsync('a/b', 'x', { qos: 1 });
    await until('the message', () => car.got.length > 0);
    expect(car.got).toHaveLength(1);
    expect(car.got[0]).toMatchObject({ qos: 1 });
    expect([car.got[0]!.properties!.subscriptionIdentifier].flat().toSorted()).toEqual([300, 7]);
  });

  test('that has unsubscribed gets nothing more', async () => {
    await scene.start();
    const car = await scene.device();
    await car.client.subscribeAsync(['a', 'b'], { qos: 1 });
    await car.client.unsubscribeAsync('a');
    await car.client.publishAsync('a', 'no', { qos: 1 });
    await car.client.publishAsync('b', 'yes', { qos: 1 });
    await until('the message', () => car.got.length > 0);
    expect(car.payloads).toEqual(['yes']);
    expect(scene.sessions.subscribed).toBe(1);
  });

  test('of a shared subscription gets its part: each message goes to one of the group, and those that are here share them', async () => {
    await scene.start();
    const cars = [await scene.device(), await scene.device(), await scene.device()];
    for (const { client } of cars) await client.subscribeAsync('$share/fleet/a/#', { qos: 1 });
    const other = await scene.device();
    for (let number = 0; number < 30; number++) await other.client.publishAsync('a/b', `${number}`, { qos: 1 });
    const all = () => cars.flatMap(({ payloads }) => payloads);
    await until('30 messages', () => all().length >= 30);
    expect(new Set(all()).size).toBe(30);
    expect(cars.map(({ got }) => got.length)).toEqual([10, 10, 10]);
  });

  test('gets topic aliases as far as it takes them, and nothing larger than it takes', async () => {
    await scene.start();
    const car = await scene.device({ properties: { topicAliasMaximum: 1, maximumPacketSize: 100 } });
    await car.client.subscribeAsync('cars/a/rather/long/topic', { qos: 1 });
    for (const payload of ['1', 'x'.repeat(100), '2'])
      await car.client.publishAsync('cars/a/rather/long/topic', payload, { qos: 1 });
    await until('two messages', () => car.got.length >= 2);
    expect(car.payloads).toEqual(['1', '2']);
    expect(scene.sessions.drops.too_large).toBe(1);
  });

  test('never has more messages unacknowledged than its Receive Maximum', async () => {
    await scene.start();
    const car = new RawClient(scene.stage.port);
    await car.opened();
    // CONNECT with Receive Maximum 2; SUBSCRIBE to `a` with QoS 1.
    car.send('10 10 00044d515454 05 02 003c 03 210002 0000');
    await car.says('20');
    car.send('82 07 0001 00 0001 61 01');
    await car.says('9004 0001 00 01');
    const other = await scene.device();
    const sent = [1, 2, 3].map(number => other.client.publishAsync('a', `${number}`, { qos: 1 }));
    await car.says('3207 0001 61 0002 00 32');
    expect(car.hex).not.toContain('320700016100030033');
    car.send('40 02 0001');
    await car.says('3207 0001 61 0003 00 33');
    car.send('40 02 0002 40 02 0003');
    await Promise.all(sent);
    car.socket.destroy();
  });
});

describe('a SUBSCRIBE', () => {
  const answer = async (filter: string, options?: StageOptions) => {
    await scene.start(options);
    const car = await scene.device({ clientId: 'car-1' });
    const suback = new Promise<unknown>(resolve => car.client.once('packetreceive', resolve));
    await car.client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    return (await suback) as { granted: number[]; properties?: { reasonString?: string } };
  };
  const commands = { ...echo, sinks: [{ mqtt: { topic: 'cars/${clientid}/commands' } }] };

  test.each([
    ['cars/1/commands', 1],
    ['cars/#', 1],
    ['cars/+/commands', 1],
    ['+/1/#', 1],
    ['cars', 0x83],
    ['planes/1/commands', 0x83],
    ['#', 0x87],
    ['+/#', 0x87],
    ['$SYS/#', 0x87],
    ['$share/g/#', 0x87],
    ['$share/g/cars/#', 1],
    ['$share/g', 0x8f],
  ])('to %s is answered with %d where a rule publishes to cars/${clientid}/commands', async (filter, code) => {
    expect((await answer(filter, { rules: [commands] })).granted).toEqual([code]);
  });

  test.each([
    ['cars/car-1/#', 1],
    ['cars/car-1/commands', 1],
    ['cars/car-2/commands', 0x87],
    ['cars/+/commands', 0x87],
  ])('to %s is answered with %d where clients may have cars/${clientid}/#', async (filter, code) => {
    const clients = { subscribe: ['cars/${clientid}/#'] };
    expect((await answer(filter, { rules: [commands], clients })).granted).toEqual([code]);
  });

  test('that no rule can ever serve is refused, and the reason says what to do', async () => {
    const { granted, properties } = await answer('cars/#', {
      rules: [{ name: 'r', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'out' } }] }],
    });
    expect(granted).toEqual([0x83]);
    expect(properties?.reasonString).toContain('mqtt.clients.route');
  });

  test('beyond the limit is refused, and one in the place of another is not', async () => {
    await scene.start({ clients: { limits: { subscriptions: 2 } } });
    const car = await scene.device();
    await car.client.subscribeAsync(['a', 'b']);
    await expect(car.client.subscribeAsync('c')).rejects.toThrow();
    await car.client.subscribeAsync('a', { qos: 1 });
  });
});
