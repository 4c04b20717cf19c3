/**
 * A rule that costs much must not stop the bridge. A jq program that did not end stopped all rules for 20 seconds: /healthz was silent, and the MQTT
 * server ended the connection. And one message whose rows each kept its whole payload made 1.6 GB, stopped it for minutes, and was delivered again, for ever.
 */
import { readFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { freePort } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';

let kafka: EmbeddedKafka;
let server: EmbeddedMqtt;
let bridge: MkbProcess;
let publisher: MqttClient;
afterEach(async () => {
  await publisher?.endAsync(true);
  await bridge?.remove();
  await server?.stop();
  await kafka?.stop();
});

/** Starts a bridge with this rule, whose dead letters go to `dead`, and a client that publishes. */
async function start(sql: string, mqttMore: object, delivery: object): Promise<void> {
  kafka = await startEmbeddedKafka({ topics: ['t', 'dead'].map(name => ({ name, partitions: 1 })) });
  server = await startEmbeddedMqtt();
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'slow' },
    spec: {
      mqtt: { url: server.url, version: '3.1.1', ...mqttMore },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } }, ...delivery },
      rules: [{ name: 'slow', sql, sinks: [{ kafka: { topic: 't' } }] }],
    },
  };
  bridge = new MkbProcess(document, await freePort());
  await bridge.start();
  publisher = await mqtt.connectAsync(server.url);
}

const isHealthy = async (): Promise<boolean> => (await fetch(`${bridge.httpUrl}/healthz`)).status === 200;

test('while a jq program does not end, the bridge answers, keeps its connection alive, and goes on with the next message', async () => {
  const sql = 'SELECT jq(payload, \'1\', 14000) AS x FROM "v/#"';
  await start(sql, { keepAlive: '4s' }, { shutdownTimeout: '5s' });
  for (const program of ['.', 'def f: f; f', '. + 1']) await publisher.publishAsync('v/1', program, { qos: 1 });
  let answers = 0;
  await until(
    'the third message',
    async () => {
      answers += (await isHealthy()) ? 1 : 0;
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
});

/** How long the main thread of a process has run on a processor, milliseconds: unlike a clock it does not run while others do. */
const ranMs = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;

const list = (elements: number): string =>
  JSON.stringify({ list: Array.from({ length: elements }, (_, index) => `an element of some length ${index}`) });

test.runIf(process.platform === 'linux').each([
  [
    'its rows hold too much',
    { bytesPerMessage: '64MiB' },
    'FOREACH payload.list AS i FROM "v/#"',
    'rule-bytes-exceeded',
  ],
  [
    'it makes too many rows',
    { rowsPerMessage: 5000 },
    'FOREACH payload.list AS i DO i FROM "v/#"',
    'rule-rows-exceeded',
  ],
])(
  'while a message is worked on of which %s, /healthz answers, and the message behind it arrives',
  async (_what, limits, sql, code) => {
    await start(sql, { maximumPacketSize: '1MiB' }, { limits });
    const before = ranMs(bridge.pid);
    publisher.publish('v/1', list(6000), { qos: 1 });
    publisher.publish('v/1', list(1), { qos: 1 });
    let longest = 0;
    await until(
      'both to have an outcome',
      async () => {
        const asked = ranMs(bridge.pid);
        expect(await isHealthy()).toBe(true);
        longest = Math.max(longest, ranMs(bridge.pid) - asked);
        const metrics = await bridge.metrics();
        return (
          metrics.sum('mkb_messages_delivered_total') === 1 && metrics.sum('mkb_messages_dead_lettered_total') === 1
        );
      },
      { everyMs: 10 },
    );
    // It was work, of which an answer waits for a small part.
    expect(ranMs(bridge.pid) - before).toBeGreaterThan(longest);
    expect(longest).toBeLessThan(100);
    const [letter, ...others] = kafka.records('dead');
    expect(others).toEqual([]);
    expect(letter!.headers.find(([name]) => name === 'mkb.error.code')?.[1]?.toString()).toBe(code);
    expect(bridge.residentBytes()).toBeLessThan(600e6);
  },
);
