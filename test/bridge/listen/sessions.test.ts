/** Sessions: what the bridge keeps for clients that are not connected. */
import type { IClientOptions } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { passwordLine } from '../../../bridge/listen/passwords.ts';
import { Received } from '../../../bridge/listen/received.ts';
import { until } from '../../real/until.ts';
import { Scene } from './support/scene.ts';
import { RawClient } from './support/stage.ts';

const scene = new Scene();

afterEach(() => scene.end());

describe('a session', () => {
  const persistent = (version: 4 | 5): IClientOptions =>
    version === 5
      ? { clientId: 'car-1', clean: false, properties: { sessionExpiryInterval: 3600 } }
      : { clientId: 'car-1', clean: false, protocolVersion: 4 };

  test.each([5, 4] as const)('of MQTT version %d keeps messages for a client that is away', async version => {
    await scene.start();
    const first = await scene.device(persistent(version));
    await first.client.subscribeAsync('a', { qos: 1 });
    await first.client.endAsync(true);
    const other = await scene.device();
    await until('the client to be gone', () => scene.sessions.away === 1);
    for (let number = 0; number < 20; number++) await other.client.publishAsync('a', `${number}`, { qos: 1 });
    const again = await scene.device(persistent(version));
    await until('20 messages', () => again.got.length >= 20);
    expect(again.payloads).toEqual(Array.from({ length: 20 }, (_, number) => `${number}`));
  });

  test('sends again, under the same identifier, what was not acknowledged when the connection was lost', async () => {
    await scene.start();
    const connectAndSubscribe = async (hex: string) => {
      const car = await new RawClient(scene.stage.port).opened();
      car.send(hex);
      await car.says('20');
      return car;
    };
    // CONNECT of MQTT 3.1.1, client id `c`, no clean session.
    const connect = '10 0d 00044d515454 04 00 003c 0001 63';
    const car = await connectAndSubscribe(connect);
    car.send('82 06 0001 0001 61 01');
    await car.says('9003 0001 01');
    const other = await scene.device();
    const sent = other.client.publishAsync('a', 'x', { qos: 1 });
    await car.says('3206 0001 61 0001 78');
    car.socket.destroy();
    // The session has it now, and so the publisher's message is safe.
    await sent;
    const again = await connectAndSubscribe(connect);
    await again.says('2002 0100 3a06 0001 61 0001 78');
    again.send('40 02 0001');
    await until('nothing to wait', () => scene.sessions.waiting === 0);
    again.socket.destroy();
  });

  test.each([
    ['messages', { messages: 3 }, 'full'],
    ['bytes', { maxBytes: '1KiB' }, 'full'],
    ['age', { maxAge: '1s' }, 'aged'],
  ] as const)('is bounded by %s: what it has no room for is dropped, and counted', async (_what, sessions, why) => {
    await scene.start({ clients: { sessions } });
    const car = await scene.device(persistent(5));
    await car.client.subscribeAsync('a', { qos: 1 });
    await car.client.endAsync(true);
    await until('the client to be gone', () => scene.sessions.away === 1);
    const other = await scene.device();
    for (let number = 0; number < 5; number++) await other.client.publishAsync('a', `${number}`, { qos: 1 });
    await until('two to be dropped', () => scene.sessions.drops[why] >= 2);
  });

  test('that is not asked for ends with its connection, and is not granted where the document keeps none', async () => {
    await scene.start({ clients: { sessions: { expiry: '0s' } } });
    const car = await scene.device(persistent(5));
    await car.client.subscribeAsync('a', { qos: 1 });
    await car.client.endAsync(true);
    await until('no subscription', () => scene.sessions.subscribed === 0);
    const { sessions } = scene.stage.bridge.listener!.listener.subscribing;
    expect([sessions.away, sessions.waiting]).toEqual([0, 0]);
  });

  test('that a clean start ends is empty', async () => {
    await scene.start();
    const car = await scene.device(persistent(5));
    await car.client.subscribeAsync('a', { qos: 1 });
    await car.client.endAsync(true);
    await scene.device({ clientId: 'car-1', clean: true });
    expect(scene.sessions.subscribed).toBe(0);
  });

  // Whoever had any password got the commands of a device by giving its client id.
  test('belongs to the user who began it: another one with the same client id gets nothing of it', async () => {
    const lines = await Promise.all(['a', 'b'].map(user => passwordLine(user, Buffer.from('secret'))));
    await scene.start({ clients: { anonymous: false, passwords: { value: lines.join('\n') } } });
    const as = (username: string) => ({ ...persistent(5), username, password: 'secret' });
    const owner = await scene.device(as('a'));
    await owner.client.subscribeAsync('a', { qos: 1 });
    await owner.client.endAsync(true);
    await until('the client to be gone', () => scene.sessions.away === 1);
    const other = await scene.device({ username: 'b', password: 'secret' });
    await other.client.publishAsync('a', 'for a alone', { qos: 1 });
    expect(scene.sessions.waiting).toBe(1);
    const thief = await scene.device(as('b'));
    expect([scene.sessions.waiting, scene.sessions.subscribed]).toEqual([0, 0]);
    await thief.client.subscribeAsync('b', { qos: 1 });
    await other.client.publishAsync('b', 'for b', { qos: 1 });
    await until('a message', () => thief.got.length > 0);
    expect(thief.payloads).toEqual(['for b']);
  });

  test('has no more of its subscriptions than its client may have when it comes back', async () => {
    await scene.start();
    const { sessions } = scene;
    const visitor = { clientId: 'c', user: undefined, cleanStart: false, expirySeconds: 60 };
    const { session } = sessions.open({ ...visitor, maySubscribe: () => true }, new Received(1, 10));
    for (const filter of ['a', 'b'])
      sessions.subscribe(session, {
        name: filter,
        filter,
        shared: false,
        qos: 1,
        noLocal: false,
        retainAsPublished: false,
        identifier: undefined,
      });
    sessions.leave(session);
    const again = sessions.open({ ...visitor, maySubscribe: filter => filter === 'b' }, new Received(2, 10));
    expect([again.present, ...session.subscriptions.keys()]).toEqual([true, 'b']);
  });

  test('takes a message of QoS 2 once, though PUBREC was lost with the connection', async () => {
    await scene.start({ rules: [{ name: 'r', sql: 'SELECT payload FROM "t"', sinks: [{ kafka: { topic: 'out' } }] }] });
    const connect = '10 0d 00044d515454 04 00 003c 0001 63';
    const car = await new RawClient(scene.stage.port).opened();
    car.send(`${connect} 34 06 0001 74 0009 31`);
    await car.says('5002 0009');
    car.socket.destroy();
    const again = await new RawClient(scene.stage.port).opened();
    again.send(`${connect} 3c 06 0001 74 0009 31`);
    await again.says('2002 0100 5002 0009');
    again.send('62 02 0009');
    await again.says('7002 0009');
    again.socket.destroy();
    expect(scene.stage.records().map(({ value }) => value)).toEqual(['1']);
  });
});

// The will of a device that was away for a moment was published, and its fleet was alarmed.
test('a will with a delay is not published if the client comes back to its session, and is when it does not', async () => {
  await scene.start();
  const watcher = await scene.device();
  await watcher.client.subscribeAsync('wills/#', { qos: 1 });
  const withWill = (seconds: number) => ({
    clientId: `car-${seconds}`,
    clean: false,
    properties: { sessionExpiryInterval: 60 },
    will: {
      topic: `wills/${seconds}`,
      payload: Buffer.from('gone'),
      qos: 1 as const,
      properties: { willDelayInterval: seconds },
    },
  });
  const back = await scene.device(withWill(30));
  back.client.stream.destroy();
  const gone = await scene.device(withWill(1));
  gone.client.stream.destroy();
  await until('both to be gone', () => scene.sessions.away === 2);
  await scene.device({ clientId: 'car-30', clean: false, properties: { sessionExpiryInterval: 60 } });
  await until('the will of the other', () => watcher.got.length > 0);
  expect(watcher.got.map(({ topic }) => topic)).toEqual(['wills/1']);
});
