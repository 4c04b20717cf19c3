// A user of RabbitMQ 3 saw "connection lost" again and again, and nothing said that the server does not speak MQTT 5.
import { afterEach, describe, expect, it } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { Publisher } from '../../../bridge/mqtt/publisher/publisher.ts';
import type { RunningMqttBroker } from '../../real/broker-process.ts';
import { startRabbitmq } from '../../real/rabbitmq.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { OldServer, type Treatment, treatments } from './support/old-server.ts';
import { Recording } from './support/recording.ts';

let server: OldServer | undefined;
const recordings: Recording[] = [];
afterEach(async () => {
  for (const recording of recordings.splice(0)) recording.session.abandon();
  await server?.stop();
  server = undefined;
});

const start = (url: string, options: object = {}) => {
  const recording = new Recording({
    urls: [url],
    version: 'auto',
    subscriptions: [{ filter: 'a', qos: 1 }],
    ...options,
  });
  recordings.push(recording.start());
  return recording;
};

const letsIn5: Treatment = socket => void socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
const letsIn4: Treatment = socket => void socket.write(Buffer.from([0x20, 2, 0, 0]));
const closes = treatments['closes without an answer'];

describe('with the version auto', () => {
  it.each(Object.entries(treatments))('a server that %s is spoken to in MQTT 3.1.1', async (_, treatment) => {
    server = await OldServer.start(treatment);
    const recording = start(server.url);
    expect(await recording.connectedTimes(1)).toMatchObject({ version: '3.1.1', sessionExpirySeconds: undefined });
    expect(server.levels).toEqual([5, 4]);
    expect(recording.events).toEqual(['mqtt-version-lowered', 'connected']);
  });

  it('the version that was found is kept for the life of the process, and reported once', async () => {
    server = await OldServer.start(closes);
    const recording = start(server.url);
    await recording.connectedTimes(1);
    server.cut();
    await recording.connectedTimes(2);
    expect(server.levels).toEqual([5, 4, 4]);
    expect(recording.events.filter(event => event === 'mqtt-version-lowered')).toHaveLength(1);
  });

  it('a server of MQTT 5 that is being restarted is spoken to in MQTT 5', async () => {
    // It is back after the second round, in which both versions met a closed door.
    server = await OldServer.start(closes, socket => {
      if (server!.levels.length >= 4) server!.become(letsIn5, letsIn4);
      socket.end();
    });
    const recording = start(server.url);
    expect(await recording.connectedTimes(1)).toMatchObject({ version: '5' });
    expect(server.levels).toEqual([5, 4, 5, 4, 5]);
    expect(recording.losses[0]).toMatchObject({ code: 'mqtt-closed-unanswered', kind: 'retryable' });
    expect(recording.losses[0]!.message).toContain('MQTT 5, and 3.1.1');
    expect(recording.failure).toBeUndefined();
  });

  it('a server that refuses both by name is a permanent failure', async () => {
    server = await OldServer.start(
      treatments['answers 0x84 as MQTT 5 wants it'],
      treatments['answers 0x01 as MQTT 3.1.1 wants it'],
    );
    expect(await start(server.url).failed()).toMatchObject({ code: 'mqtt-version-unsupported', kind: 'permanent' });
  });

  it('what 3.1.1 is refused for counts, and not the version', async () => {
    server = await OldServer.start(closes, socket => void socket.end(Buffer.from([0x20, 2, 0, 4])));
    expect(await start(server.url).failed()).toMatchObject({ code: 'mqtt-not-authorised' });
  });

  // A server without shared subscriptions takes `$share/...` for the name of a topic, and would send nothing for ever.
  it('a shared subscription is never asked for in MQTT 3.1.1', async () => {
    server = await OldServer.start(treatments['answers 0x84 as MQTT 5 wants it']);
    const error = await start(server.url, { subscriptions: [{ filter: '$share/g/a', qos: 1 }] }).failed();
    expect(error).toMatchObject({ code: 'mqtt-version-needed', kind: 'permanent' });
    expect(error.remedy).toContain('spec.mqtt.share');
    expect(server.levels).toEqual([5]);
  });

  it('the publisher finds the version too', async () => {
    server = await OldServer.start(closes);
    const connected = Promise.withResolvers<string>();
    const problems: MkbError[] = [];
    const publisher = new Publisher<number>(
      {
        urls: [server.url],
        version: 'auto',
        clientId: 'out',
        subscriptions: [],
        keepAliveMs: 30_000,
        sessionExpirySeconds: 0,
        receiveMaximum: 10,
        maximumPacketSize: 1000,
        connectTimeoutMs: 30_000,
        reconnect: { minDelayMs: 1, maxDelayMs: 10 },
        windowCapacity: 16,
        window: 10,
      },
      {
        published: () => undefined,
        failed: () => undefined,
        expired: () => undefined,
        dropped: () => undefined,
        settled: () => undefined,
        connected: connected.resolve,
        disconnected: error => problems.push(error),
        problem: error => problems.push(error),
        stopped: connected.reject,
      },
    );
    publisher.start();
    expect(await connected.promise).toBe(server.url);
    await publisher.close();
    expect(problems.map(({ code }) => code)).toEqual(['mqtt-version-lowered']);
  });
});

describe('with a version of the document', () => {
  it.each(['5', '3.1.1'] as const)('%s stays, and the error names the setting', async version => {
    server = await OldServer.start(closes, closes);
    const recording = start(server.url, { version });
    const { remedy } = await recording.lostTimes(2);
    expect(remedy).toContain('spec.mqtt.version');
    expect(new Set(server.levels)).toEqual(new Set([version === '5' ? 5 : 4]));
  });
});

describeReal('rabbitmq')('RabbitMQ, which closes on a CONNECT of MQTT 5', () => {
  it('gives its messages to a bridge that says nothing of versions', async () => {
    const rabbitmq: RunningMqttBroker = await startRabbitmq();
    try {
      const recording = start(rabbitmq.url);
      await until('a connection', () => recording.connections.length > 0 || recording.failure);
      expect(recording.connections[0]).toMatchObject({ version: '3.1.1' });
      recording.session.abandon();
    } finally {
      await rabbitmq.stop();
    }
  });
});
