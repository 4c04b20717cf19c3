// Messages that came before a table was read went to Kafka without the owner that it has, and nobody sent them again.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { registerMetrics } from '../../../bridge/observe/metrics.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { freePort } from '../../real/ports.ts';
import { until } from '../../real/until.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let publisher: MqttClient;
let folder: string;
let file: string;
let bridge: Bridge;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-tables-'));
  file = path.join(folder, 'devices.csv');
  broker = await startEmbeddedMqtt({ port: await freePort() });
  kafka = await startEmbeddedKafka({ port: await freePort(), autoCreateTopics: false });
  publisher = await mqtt.connectAsync(broker.url);
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: { bootstrapServers: [kafka.bootstrap], topics: [{ name: 't' }] },
      tables: [{ name: 'devices', file, key: 'vin' }],
      rules: [
        {
          name: 'owners',
          sql: `SELECT lookup('devices', vin).owner AS owner FROM "v/{vin}"`,
          sinks: [{ kafka: { topic: 't', value: '${owner}' } }],
        },
      ],
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
});

afterEach(async () => {
  await bridge.stop();
  await publisher.endAsync(true);
  await broker.stop();
  await kafka.stop();
  await rm(folder, { recursive: true });
});

const values = () => kafka.records('t').map(({ value }) => value?.toString());

test('a bridge takes no message before its table is read, and follows the file while it runs', async () => {
  const started = bridge.start();
  await until('a failed attempt', () => (bridge.retried.get('table-unreadable') ?? 0) > 0);
  expect(bridge.missing()).toContainEqual(expect.stringMatching(/^rules wait for table devices: .*no such file$/));
  expect(bridge.mqttConnected).toBe(false);
  await writeFile(file, 'vin,owner\nV1,Ada\n');
  await started;
  expect(bridge.missing()).toEqual([]);
  await publisher.publishAsync('v/V1', '', { qos: 1 });
  await until('the first record', () => values().length === 1);
  await writeFile(file, 'vin,owner\nV1,Grace\nV2,Alan\n');
  await until('the other table', () => bridge.tables?.[0]?.rows === 2);
  await writeFile(file, 'vin\nV1\nV1\n');
  await until('the wrong table', () => (bridge.retried.get('table-invalid') ?? 0) > 0);
  expect(bridge.missing()).toEqual([]);
  await publisher.publishAsync('v/V1', '', { qos: 1 });
  await until('the second record', () => values().length === 2);
  expect(values()).toEqual(['Ada', 'Grace']);
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  const metrics = await registry.metrics();
  expect(metrics).toContain('mkb_table_rows{bridge="b",table="devices"} 2');
  expect(metrics).toMatch(/mkb_table_failures_total\{bridge="b",table="devices"\} [1-9]/);
});

test('a bridge that waits for a table can be stopped, and connects to nothing any more', async () => {
  const started = bridge.start();
  await until('a failed attempt', () => bridge.retried.size > 0);
  expect(await bridge.stop()).toEqual({ unacknowledged: 0, unpublished: 0, late: false });
  await started;
  await bridge.ended;
  expect(bridge.mqttConnected).toBe(false);
});
