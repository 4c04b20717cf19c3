/** Packets that were changed at random, and bytes that are none: no client takes the bridge down, or another client's messages with it. */
import mqtt from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { RawClient, stage } from './support/stage.ts';

/** A small generator of numbers below `limit`, the same for the same seed. */
const random = (seed: number) => {
  let state = seed;
  return (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
};

const v5 = { protocolVersion: 5 };
const connect = mqttPacket.generate(
  {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clean: true,
    clientId: '',
    keepalive: 60,
    username: 'u',
    password: Buffer.from('p'),
    properties: { sessionExpiryInterval: 5, receiveMaximum: 10, userProperties: { a: 'b' } },
    will: { topic: 'planes/w', payload: Buffer.from('w'), qos: 1, retain: false, properties: { willDelayInterval: 1 } },
  },
  v5,
);
const publishOf = (qos: 0 | 1 | 2) =>
  mqttPacket.generate(
    {
      cmd: 'publish',
      topic: 'planes/1',
      payload: 'payload',
      qos,
      messageId: 7,
      dup: false,
      retain: false,
      properties: {
        topicAlias: 2,
        contentType: 'text',
        responseTopic: 'a',
        userProperties: { c: 'd' },
        messageExpiryInterval: 3,
      },
    },
    v5,
  );
const others = [
  mqttPacket.generate({ cmd: 'pubrel', messageId: 7 }, v5),
  mqttPacket.generate({ cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'a/#', qos: 1 }] }, v5),
  mqttPacket.generate({ cmd: 'subscribe', messageId: 5, subscriptions: [{ topic: '$share/g/cars/+', qos: 2 }] }, v5),
  ...(['puback', 'pubrec', 'pubcomp'] as const).map(cmd =>
    mqttPacket.generate({ cmd, messageId: 1, reasonCode: 0 }, v5),
  ),
  mqttPacket.generate({ cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['a/#'] }, v5),
  Buffer.from('c000', 'hex'),
  mqttPacket.generate({ cmd: 'disconnect', reasonCode: 4 }, v5),
];

/** A CONNECT and some packets, of which up to four bytes are others, or the end is missing. */
const changed = (below: (limit: number) => number): Buffer => {
  const packets = [publishOf(0), publishOf(1), publishOf(2), ...others];
  const bytes = Buffer.concat([connect, ...Array.from({ length: 4 }, () => packets[below(packets.length)]!)]);
  // Half of them leave CONNECT as it is, so that what is behind it is read.
  const from = below(2) === 0 ? 0 : connect.length;
  for (let change = below(4); change >= 0; change--) bytes[from + below(bytes.length - from)] = below(256);
  return bytes.subarray(0, below(3) === 0 ? below(bytes.length) : bytes.length);
};

const seconds = process.env.MKB_LONG ? 600 : 3;

test(
  `changed packets end their own connection at most, for ${seconds} s`,
  { timeout: seconds * 1000 + 120_000 },
  async () => {
    // Wills wait no longer than sessions last.
    await using current = await stage({ clients: { route: true, sessions: { expiry: '2s' } } });
    const seed = Number(process.env.MKB_SEED ?? Date.now() % 1e9);
    const below = random(seed);
    const car = await mqtt.connectAsync(current.url, { protocolVersion: 5, clientId: 'car-1', reconnectPeriod: 0 });
    let sent = 0;
    const until_ = performance.now() + seconds * 1000;
    while (performance.now() < until_) {
      const strangers = await Promise.all(Array.from({ length: 8 }, () => new RawClient(current.port).opened()));
      for (const stranger of strangers) {
        const bytes = changed(below);
        stranger.socket.write(bytes);
        if (below(2) === 0) stranger.socket.end();
      }
      await car.publishAsync('cars/1', `${sent++}`, { qos: 1 });
      for (const stranger of strangers) stranger.socket.destroy();
    }
    // In ten minutes there are more than the embedded Kafka keeps.
    const kept = current.records().map(({ value }) => value);
    const all = Array.from({ length: sent }, (_, n) => `${n}`);
    expect(kept, `seed ${seed}`).toEqual(all.slice(-kept.length));
    expect(current.bridge.account.count('delivered'), `seed ${seed}`).toBeGreaterThanOrEqual(sent);
    await car.endAsync();
    const { listener } = current.bridge.listener!;
    await until('all connections to be forgotten', () => [...listener.clients].length === 0);
    const { account } = current.bridge;
    await until('late wills to be published', () => listener.heldBytes === 0 && account.inFlight === 0);
    const { sessions } = listener.subscribing;
    await until('sessions to end', () => sessions.away === 0);
    expect([sessions.subscribed, sessions.waiting, sessions.waitingBytes]).toEqual([0, 0, 0]);
  },
);
