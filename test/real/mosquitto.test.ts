import { existsSync } from 'node:fs';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RunningMosquitto, startMosquitto } from './mosquitto.ts';
import { describeReal } from './require.ts';
import { until } from './until.ts';

const clients: MqttClient[] = [];
afterEach(() => Promise.all(clients.splice(0).map(client => client.endAsync(true))));

async function connect(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options }, false);
  clients.push(client);
  return client;
}

/** Publishes to itself, and gives what came back. */
async function echo(client: MqttClient, topic: string): Promise<string> {
  const received = new Promise<string>(resolve => client.once('message', (_topic, payload) => resolve(`${payload}`)));
  await client.subscribeAsync(topic, { qos: 1 });
  await client.publishAsync(topic, `to ${topic}`, { qos: 1 });
  return received;
}

describeReal('mosquitto', 'openssl')('an open broker', () => {
  let mosquitto: RunningMosquitto;

  beforeAll(async () => {
    mosquitto = await startMosquitto({ tls: true, websockets: true, persistence: true });
  });
  afterAll(() => mosquitto?.stop());

  test('a client publishes and receives over tcp, tls, ws and wss', async () => {
    const { ca } = mosquitto.certificates!;
    expect(await echo(await connect(mosquitto.url), 'tcp')).toBe('to tcp');
    expect(await echo(await connect(mosquitto.urlTls, { ca }), 'tls')).toBe('to tls');
    expect(await echo(await connect(mosquitto.urlWs), 'ws')).toBe('to ws');
    expect(await echo(await connect(mosquitto.urlWss, { ca }), 'wss')).toBe('to wss');
  });

  test('the listener for client certificates takes one, and refuses none', async () => {
    const { ca, clientCert: cert, clientKey: key } = mosquitto.certificates!;
    expect(await echo(await connect(mosquitto.urlMtls, { ca, cert, key }), 'mtls')).toBe('to mtls');
    await expect(connect(mosquitto.urlMtls, { ca })).rejects.toThrow();
  });

  test('5,000 messages for an absent subscriber outlive a restart', async () => {
    const session: IClientOptions = { clientId: 'absent', clean: false, properties: { sessionExpiryInterval: 3600 } };
    const subscriber = await connect(mosquitto.url, session);
    await subscriber.subscribeAsync('queued', { qos: 1 });
    await subscriber.endAsync();
    const publisher = await connect(mosquitto.url);
    const numbers = Array.from({ length: 5000 }, (_, index) => String(index));
    await Promise.all(numbers.map(number => publisher.publishAsync('queued', number, { qos: 1 })));

    await mosquitto.restart();

    const received: string[] = [];
    const again = mqtt.connect(mosquitto.url, { protocolVersion: 5, ...session });
    clients.push(again);
    again.on('message', (_topic, payload) => received.push(`${payload}`));
    await until('all of them', () => received.length >= numbers.length);
    expect(received).toEqual(numbers);
  });

  test('a paused broker acknowledges nothing until it is resumed', async () => {
    const client = await connect(mosquitto.url);
    mosquitto.pause();
    let acknowledged = false;
    const published = client.publishAsync('paused', 'x', { qos: 1 }).then(() => {
      acknowledged = true;
    });
    await expect(connect(mosquitto.url, { connectTimeout: 300 })).rejects.toThrow();
    expect(acknowledged).toBe(false);
    mosquitto.resume();
    await published;
  });

  test('kill -9 ends it and start brings it back on the same port', async () => {
    await mosquitto.kill();
    expect(mosquitto.running).toBe(false);
    await mosquitto.start();
    expect(await echo(await connect(mosquitto.url), 'again')).toBe('to again');
  });
});

describeReal('mosquitto')('a broker with users', () => {
  test('the right password is taken, a wrong one and none are refused, and stop leaves no process', async () => {
    const mosquitto = await startMosquitto({ users: { bridge: 'secret' } });
    try {
      expect(await echo(await connect(mosquitto.url, { username: 'bridge', password: 'secret' }), 'in')).toBe('to in');
      await expect(connect(mosquitto.url, { username: 'bridge', password: 'wrong' })).rejects.toThrow(
        /not authorized/i,
      );
      await expect(connect(mosquitto.url)).rejects.toThrow(/not authorized/i);
    } finally {
      const { pid } = mosquitto;
      await mosquitto.stop();
      expect(existsSync(`/proc/${pid}`)).toBe(false);
    }
  });
});
