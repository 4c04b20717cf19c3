/** A jq program that did not end stopped all rules of a bridge for 20 seconds: /healthz was silent, and the MQTT server ended the connection. */
import mqtt from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { freePort } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';

let kafka: EmbeddedKafka;
let server: EmbeddedMqtt;
let bridge: MkbProcess;
afterEach(async () => {
  await bridge?.remove();
  await server?.stop();
  await kafka?.stop();
});

test('while a jq program does not end, the bridge answers, keeps its connection alive, and goes on with the next message', async () => {
  kafka = await startEmbeddedKafka({ topics: ['t', 'dead'].map(name => ({ name, partitions: 1 })) });
  server = await startEmbeddedMqtt();
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'slow' },
    spec: {
      mqtt: { url: server.url, version: '3.1.1', keepAlive: '4s' },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } }, shutdownTimeout: '5s' },
      rules: [
        { name: 'slow', sql: 'SELECT jq(payload, \'1\', 14000) AS x FROM "v/#"', sinks: [{ kafka: { topic: 't' } }] },
      ],
    },
  };
  bridge = new MkbProcess(document, await freePort());
  await bridge.start();
  const publisher = await mqtt.connectAsync(server.url);
  try {
    for (const program of ['.', 'def f: f; f', '. + 1']) await publisher.publishAsync('v/1', program, { qos: 1 });
    let answers = 0;
    await until(
      'the third message',
      async () => {
        answers += (await fetch(`${bridge.httpUrl}/healthz`)).status === 200 ? 1 : 0;
        return kafka.records('t').length === 2;
      },
      { everyMs: 50 },
    );
    expect(kafka.records('t').map(({ value }) => value!.toString())).toEqual(['{"x":[1]}', '{"x":[2]}']);
    expect(kafka.records('dead').map(({ value }) => value!.toString())).toEqual(['def f: f; f']);
    // Twice as long as the server waits for a sign of life.
    expect(answers).toBeGreaterThan(10);
    expect((await bridge.metrics()).sum('mkb_mqtt_connections_total')).toBe(1);
    await publisher.publishAsync('v/1', 'def f: f; f', { qos: 1 });
    await until('it to be read', async () => (await bridge.metrics()).sum('mkb_messages_in_flight') === 1);
    expect(await bridge.stop()).toBe(0);
  } finally {
    await publisher.endAsync(true);
  }
});
