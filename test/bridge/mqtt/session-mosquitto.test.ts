/** The session against a real Mosquitto: each version, transport and QoS, a session resumed over a cut, and a shared subscription. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { SessionOptions } from '../../../bridge/mqtt/options.ts';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { describeReal } from '../../real/require.ts';
import { Recording } from './support/recording.ts';

describeReal('mosquitto')('a session with Mosquitto', () => {
  let mosquitto: RunningMosquitto;
  let publisher: MqttClient;
  let count = 0;
  const recordings: Recording[] = [];

  beforeAll(async () => {
    mosquitto = await startMosquitto({ tls: true, websockets: true, persistence: true });
    publisher = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  });

  afterEach(async () => {
    await Promise.all(recordings.splice(0).map(({ session }) => session.close()));
  });

  afterAll(async () => {
    await publisher?.endAsync(true);
    await mosquitto?.stop();
  });

  /** A session of its own client id and topic, connected. */
  async function connect(options: Partial<SessionOptions> = {}): Promise<{ recording: Recording; topic: string }> {
    const topic = `test/${count++}`;
    const recording = new Recording({
      urls: [mosquitto.url],
      clientId: `session-${topic.replace('/', '-')}`,
      subscriptions: [{ filter: `${topic}/#`, qos: 2 }],
      ...options,
    });
    recordings.push(recording.start());
    await recording.connectedTimes(1);
    return { recording, topic };
  }

  const settleAtOnce = (recording: Recording) => {
    recording.onMessage = (_, arrival) => recording.session.settle(arrival);
    recording.onReadEnd = () => recording.session.acknowledge();
  };

  const tls = () => ({ ca: mosquitto.certificates?.ca });
  const ways: [name: string, options: () => Partial<SessionOptions>][] = [
    ['tcp', () => ({})],
    ['tls', () => ({ urls: [mosquitto.urlTls], tls: tls() })],
    [
      'tls with a client certificate',
      () => {
        const { clientCert: cert, clientKey: key } = mosquitto.certificates ?? {};
        return { urls: [mosquitto.urlMtls], tls: { ...tls(), cert, key } };
      },
    ],
    ['WebSocket', () => ({ urls: [mosquitto.urlWs] })],
    ['WebSocket over tls', () => ({ urls: [mosquitto.urlWss], tls: tls() })],
  ];
  const matrix = (['5', '3.1.1'] as const).flatMap(version =>
    ways.map(([name, options]) => ({ version, name, options })),
  );

  // Mosquitto 2.0 writes 4 KiB to a WebSocket in each turn of its loop, and turns every 100 ms when nothing else happens.
  const largest = (name: string) => (name.startsWith('WebSocket') ? 20_000 : 200_000);

  it.each(matrix)('MQTT $version over $name receives each QoS, small and large, in order', async ({
    version,
    name,
    options,
  }) => {
    const { recording, topic } = await connect({ version, ...options() });
    settleAtOnce(recording);
    const sent: string[] = [];
    for (let index = 0; index < 300; index++) {
      const payload = `${index} ${'x'.repeat(index % 50 === 0 ? largest(name) : index)}`;
      sent.push(payload);
      publisher.publish(`${topic}/x`, payload, { qos: (index % 3) as 0 | 1 | 2 });
    }
    await recording.messagesCame(sent.length);
    for (const qos of [0, 1, 2]) {
      const expected = sent.filter((_, index) => index % 3 === qos);
      expect(recording.messages.filter(message => message.qos === qos).map(({ payload }) => payload)).toEqual(expected);
    }
    expect(recording.losses).toEqual([]);
  });

  it.each([
    '5',
    '3.1.1',
  ] as const)('MQTT %s: what is not acknowledged comes again after a cut, the rest does not', async version => {
    const { recording, topic } = await connect({ version });
    for (const name of ['a', 'b', 'c']) await publisher.publishAsync(`${topic}/x`, name, { qos: 1 });
    await recording.messagesCame(3);
    recording.settle('a');
    recording.session.abandon();
    const again = new Recording({
      version,
      urls: [mosquitto.url],
      clientId: `session-${topic.replace('/', '-')}`,
      subscriptions: [{ filter: `${topic}/#`, qos: 2 }],
    });
    recordings.push(again.start());
    expect((await again.connectedTimes(1)).sessionPresent).toBe(true);
    await again.messagesCame(2);
    expect(again.messages.map(({ payload, dup }) => [payload, dup])).toEqual([
      ['b', true],
      ['c', true],
    ]);
  });

  it('a restart of the server loses nothing, and QoS 2 stays exactly once', async () => {
    const { recording, topic } = await connect({ reconnect: { minDelayMs: 20, maxDelayMs: 100 } });
    for (const name of ['a', 'b', 'c']) await publisher.publishAsync(`${topic}/x`, name, { qos: 2 });
    await recording.messagesCame(3);
    recording.settle('a', 'c');
    await mosquitto.restart();
    expect((await recording.connectedTimes(2)).sessionPresent).toBe(true);
    recording.settle('b');
    await publisher.publishAsync(`${topic}/x`, 'd', { qos: 2 });
    await recording.messagesCame(4);
    expect(recording.payloads).toEqual(['a', 'b', 'c', 'd']);
  });

  it('back-pressure: a window of 8 passes 5,000 messages, each once and in order', async () => {
    const { recording, topic } = await connect({ windowCapacity: 8, receiveMaximum: 8 });
    let due: number[] = [];
    recording.onMessage = (_, arrival) => due.push(arrival);
    recording.onReadEnd = () => {
      setImmediate(() => {
        for (const arrival of due.splice(0).reverse()) recording.session.settle(arrival);
        recording.session.acknowledge();
      });
    };
    const sent = Array.from({ length: 5000 }, (_, index) => String(index));
    for (const payload of sent) publisher.publish(`${topic}/x`, payload, { qos: 1 });
    await recording.messagesCame(sent.length);
    expect(recording.payloads).toEqual(sent);
    due = [];
  });

  it('members of a shared subscription divide the messages', async () => {
    const shared = `$share/group/shared/#`;
    const first = (await connect({ subscriptions: [{ filter: shared, qos: 1 }] })).recording;
    const second = (await connect({ subscriptions: [{ filter: shared, qos: 1 }] })).recording;
    for (const recording of [first, second]) settleAtOnce(recording);
    const sent = Array.from({ length: 200 }, (_, index) => String(index));
    for (const payload of sent) await publisher.publishAsync('shared/x', payload, { qos: 1 });
    await expect.poll(() => first.messages.length + second.messages.length).toBe(200);
    expect([...first.payloads, ...second.payloads].sort()).toEqual([...sent].sort());
    expect(Math.min(first.messages.length, second.messages.length)).toBeGreaterThan(0);
  });

  it('user properties arrive as they were published; a message that is published now was not stored before', async () => {
    const { recording, topic } = await connect();
    await publisher.publishAsync(`${topic}/r`, 'kept', {
      qos: 1,
      retain: true,
      properties: { userProperties: { trace: ['1', '2'], other: 'x' } },
    });
    const seen: unknown[] = [];
    recording.onMessage = message => seen.push([...message.userProperties]);
    await recording.messagesCame(1);
    expect(recording.messages[0]).toMatchObject({ payload: 'kept', retain: false });
    await publisher.publishAsync(`${topic}/r`, '', { retain: true });
  });

  it('a certificate of another authority is a permanent failure', async () => {
    const recording = new Recording({ urls: [mosquitto.urlTls] });
    recordings.push(recording.start());
    expect(await recording.failed()).toMatchObject({ code: 'tls-untrusted', kind: 'permanent' });
  });

  it('a certificate that is not verified on purpose is taken', async () => {
    await connect({ urls: [mosquitto.urlTls], tls: { insecureSkipVerify: true } });
  });

  it('a certificate of another name is refused, unless that name was expected', async () => {
    const recording = new Recording({ urls: [mosquitto.urlTls], tls: { ...tls(), serverName: 'elsewhere' } });
    recordings.push(recording.start());
    expect((await recording.failed()).code).toBe('tls-name-mismatch');
    await connect({ urls: [mosquitto.urlTls], tls: { ...tls(), serverName: 'localhost' } });
  });

  it('a WebSocket server that is none is retried', async () => {
    const recording = new Recording({ urls: [mosquitto.url.replace('mqtt:', 'ws:')] });
    recordings.push(recording.start());
    expect((await recording.lostTimes(1)).code).toBe('mqtt-connect-failed');
  });
});

describeReal('mosquitto')('Mosquitto with passwords', () => {
  let mosquitto: RunningMosquitto;
  let recording: Recording;

  beforeAll(async () => {
    mosquitto = await startMosquitto({ users: { bridge: 'right' } });
  });

  afterEach(() => recording.session.close());
  afterAll(() => mosquitto?.stop());

  it.each([
    '5',
    '3.1.1',
  ] as const)('MQTT %s: the right one lets the session in, a wrong one is a permanent failure', async version => {
    recording = new Recording({ version, urls: [mosquitto.url], username: 'bridge', password: 'wrong' }).start();
    expect(await recording.failed()).toMatchObject({ code: 'mqtt-not-authorised', kind: 'permanent' });
    recording = new Recording({ version, urls: [mosquitto.url], username: 'bridge', password: 'right' }).start();
    await recording.connectedTimes(1);
  });
});
