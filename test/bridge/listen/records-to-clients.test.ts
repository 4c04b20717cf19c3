/** Records of Kafka reach the clients of the bridge, and clients each other, if the document says so. */
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { Scene } from './support/scene.ts';
import { RawClient, type StageOptions } from './support/stage.ts';

const scene = new Scene();

afterEach(() => scene.end());

describe('records of Kafka', () => {
  const commands = {
    name: 'commands',
    sql: 'SELECT value FROM "$kafka/out2"',
    sinks: [{ mqtt: { topic: 'cars/${key}/commands', payload: '${value}' } }],
  };

  const produce = async (count: number) => {
    const producer = new Kafka({ brokers: [scene.stage.kafka.bootstrap], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const messages = Array.from({ length: count }, (_, number) => ({ key: 'car-1', value: `${number}` }));
    await producer.send({ topic: 'out2', messages });
    await producer.disconnect();
  };

  test('reach the device that subscribes, and are in flight until it has acknowledged them', async () => {
    await scene.start({ rules: [commands] });
    const car = new RawClient(scene.stage.port);
    await car.opened();
    car.send('10 0e 00044d515454 04 02 003c 0002 6331');
    await car.says('20020000');
    car.send(`82 18 0001 0013 ${Buffer.from('cars/car-1/commands').toString('hex')} 01`);
    await car.says('9003 0001 01');
    await produce(3);
    await until('three messages', () => car.hex.split(Buffer.from('cars/car-1/commands').toString('hex')).length === 4);
    expect(scene.stage.bridge.kafkaSource!.account.inFlight).toBe(3);
    car.send('40 02 0001 40 02 0002 40 02 0003');
    await until('all to be settled', () => scene.stage.bridge.kafkaSource!.account.inFlight === 0);
    expect(scene.stage.bridge.kafkaSource!.account.count('delivered')).toBe(3);
    car.socket.destroy();
  });

  test('for topics that nobody subscribes to are delivered, and counted as unheard', async () => {
    await scene.start({ rules: [commands] });
    await produce(3);
    await until('three records', () => scene.stage.bridge.kafkaSource!.account.count('delivered') === 3);
    expect(scene.stage.bridge.kafkaSource!.account.unheard).toBe(3);
  });

  // A device that pinged and acknowledged nothing held up the records of every other.
  test('are not held up by a client that acknowledges nothing: after ten seconds its session has them', async () => {
    await scene.start({ rules: [commands] });
    const car = new RawClient(scene.stage.port);
    await car.opened();
    car.send('10 0e 00044d515454 04 02 003c 0002 6331');
    await car.says('20020000');
    car.send('82 0b 0001 0006 636172732f23 01');
    await car.says('9003 0001 01');
    await produce(3);
    await until('three records in flight', () => scene.stage.bridge.kafkaSource!.account.inFlight === 3);
    const { sessions } = scene.stage.bridge.listener!.listener.subscribing;
    for (let tick = 0; tick < 25; tick++) sessions.sweep();
    await until('none', () => scene.stage.bridge.kafkaSource!.account.inFlight === 0);
    expect(sessions.waiting).toBe(3);
    car.socket.destroy();
  });
});

describe('with route: true', () => {
  const routing = (more: object = {}): StageOptions => ({
    rules: [{ name: 'r', sql: 'SELECT payload FROM "stored/#"', sinks: [{ kafka: { topic: 'out' } }] }],
    clients: { route: true, ...more },
  });

  test('clients get what others publish, with its properties, and Kafka what rules want', async () => {
    await scene.start(routing());
    const car = await scene.device();
    await car.client.subscribeAsync('stored/+', { qos: 2 });
    const other = await scene.device();
    await other.client.publishAsync('stored/1', 'x', {
      qos: 2,
      properties: {
        contentType: 'text/plain',
        responseTopic: 'back',
        correlationData: Buffer.from('7'),
        messageExpiryInterval: 60,
        payloadFormatIndicator: true,
        userProperties: { a: 'b' },
      },
    });
    await until('the message', () => car.got.length > 0);
    expect(car.got[0]).toMatchObject({
      topic: 'stored/1',
      qos: 2,
      properties: {
        contentType: 'text/plain',
        responseTopic: 'back',
        correlationData: Buffer.from('7'),
        payloadFormatIndicator: true,
        userProperties: { a: 'b' },
      },
    });
    expect(car.got[0]!.properties!.messageExpiryInterval).toBeGreaterThan(0);
    expect(scene.stage.records()).toHaveLength(1);
  });

  test('a message that other clients get and no rule wants is delivered, and one that nobody wants is not', async () => {
    await scene.start(routing());
    const car = await scene.device();
    await car.client.subscribeAsync('a', { qos: 1 });
    const other = await scene.device();
    await other.client.publishAsync('a', 'x', { qos: 1 });
    await other.client.publishAsync('b', 'x', { qos: 1 });
    await until('the message', () => car.got.length > 0);
    const { account } = scene.stage.bridge;
    expect([account.count('delivered'), account.count('no_rule')]).toEqual([1, 1]);
  });

  test('No Local keeps a client from its own messages, and RETAIN stays as published only where that is asked for', async () => {
    await scene.start(routing());
    const car = await scene.device({ protocolVersion: 5 });
    await car.client.subscribeAsync('a', { qos: 1, nl: true, rap: true });
    const plain = await scene.device();
    await plain.client.subscribeAsync('a', { qos: 1 });
    await car.client.publishAsync('a', 'own', { qos: 1 });
    // MQTT 3.1.1 cannot know that nothing is retained here.
    const old = await scene.device({ protocolVersion: 4 });
    await old.client.publishAsync('a', 'other', { qos: 1, retain: true });
    await until('both messages', () => plain.got.length === 2 && car.got.length === 1);
    expect(car.got.map(({ payload, retain }) => [`${payload}`, retain])).toEqual([['other', true]]);
    expect(plain.got.map(({ retain }) => retain)).toEqual([false, false]);
  });

  test('a client may not publish what its filters do not allow, and so nobody gets it', async () => {
    await scene.start(routing({ publish: ['a'] }));
    const car = await scene.device();
    await car.client.subscribeAsync(['a', 'b'], { qos: 1 });
    await expect(car.client.publishAsync('b', 'x', { qos: 1 })).rejects.toThrow();
    await car.client.publishAsync('a', 'y', { qos: 1 });
    await until('the message', () => car.got.length > 0);
    expect(car.payloads).toEqual(['y']);
  });
});
