import { once } from 'node:events';
import { connect } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';

let server: EmbeddedMqtt;

/** The next message a client gets. */
function arrival(client: MqttClient): Promise<{ topic: string; payload: string; qos: number }> {
  return new Promise(resolve => {
    client.once('message', (topic, payload, { qos }) => resolve({ topic, payload: String(payload), qos }));
  });
}

const closing = (client: MqttClient): Promise<void> => new Promise(resolve => client.once('close', resolve));

beforeEach(async () => {
  server = await startEmbeddedMqtt();
});

afterEach(() => server.stop());

it('a QoS 1 message reaches a subscriber with wildcards', async () => {
  const client = await mqtt.connectAsync(server.url);
  await client.subscribeAsync('vehicles/+/state', { qos: 1 });
  const arrived = arrival(client);
  await client.publishAsync('vehicles/a/state', 'moving', { qos: 1 });
  expect(await arrived).toEqual({ topic: 'vehicles/a/state', payload: 'moving', qos: 1 });
  await client.endAsync();
});

it('a session that is not clean keeps the messages of its absence', async () => {
  const options = { clientId: 'bridge', clean: false };
  const before = await mqtt.connectAsync(server.url, options);
  await before.subscribeAsync('events', { qos: 1 });
  await before.endAsync();
  const publisher = await mqtt.connectAsync(server.url);
  await publisher.publishAsync('events', 'meanwhile', { qos: 1 });
  await publisher.endAsync();
  const after = mqtt.connect(server.url, options);
  expect((await arrival(after)).payload).toBe('meanwhile');
  await after.endAsync();
});

it('stops although clients are connected, one of them without a word', async () => {
  const silent = connect(server.port);
  await once(silent, 'connect');
  const client = await mqtt.connectAsync(server.url, { reconnectPeriod: 0 });
  const closed = Promise.all([once(silent, 'close'), closing(client)]);
  await server.stop();
  await closed;
  server = await startEmbeddedMqtt();
});

it('a port that is taken is named in the error', async () => {
  const error = await startEmbeddedMqtt({ port: server.port }).catch((reason: unknown) => reason);
  expect(MkbError.is(error, 'embedded-listen-failed') && error.details.port).toBe(server.port);
});
