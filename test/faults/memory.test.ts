/**
 * `delivery.buffer.maxBytes` was no bound: with dead letters the payload of each message was kept beside its small record, 1,690 MiB for a limit of
 * 64. And one message of 257 KB whose rows each held it took 1.6 GB. Kafka takes nothing here while messages come as fast as the socket gives them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import type { BlasterOptions } from '../../bench/blaster.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { freePort } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';

const MiB = 1024 * 1024;
/** What a bridge holds that has nothing to do, with the garbage of a busy one: most of it Node. */
const idle = 180 * MiB;
const never = new Promise(() => {});

let kafka: EmbeddedKafka;
let bridge: MkbProcess;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(url: string, sql: string, { maxBytes = '64MiB', sink = {}, frozen = false } = {}): Promise<void> {
  kafka = await startEmbeddedKafka({ topics: ['t', 'dead'].map(name => ({ name, partitions: 1 })) });
  ends.push(() => kafka.stop());
  if (frozen) kafka.faults.add({ api: 'Produce', until: never, times: Number.POSITIVE_INFINITY });
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'memory' },
    spec: {
      mqtt: { url, version: '3.1.1', qos: 1, keepAlive: '3s' },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { buffer: { mode: 'memory', maxBytes }, onFailure: { deadLetter: { topic: 'dead' } } },
      rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't', ...sink } }] }],
    },
  };
  bridge = new MkbProcess(document, await freePort());
  ends.push(() => bridge.remove());
  await bridge.start();
}

/** A server that sends as fast as the bridge reads. It begins when the bridge subscribes. */
async function blaster(options: BlasterOptions): Promise<string> {
  const file = join(import.meta.dirname, '..', '..', 'bench', 'blaster.ts');
  const child: ChildProcess = spawn(process.execPath, [file, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  ends.push(() => child.kill('SIGKILL'));
  const [{ ready }] = (await once(child, 'message')) as [{ ready: number }];
  return `mqtt://127.0.0.1:${ready}`;
}

const metric = async (name: string): Promise<number> => (await bridge.metrics()).sum(name);

describe('memory of a bridge whose Kafka takes nothing', () => {
  test.each([
    ['small records of large messages', 12_000, 'SELECT topic FROM "#"', {}],
    [
      'records that are headers',
      200,
      'SELECT qos FROM "#"',
      { headers: [{ name: 'h', value: '${payload}' }], mqttHeaders: true },
    ],
  ])('stays near delivery.buffer.maxBytes: %s', async (_what, payloadBytes, sql, sink) => {
    const url = await blaster({ messages: 3_000_000, qos: 0, payloadBytes, clients: 100 });
    await start(url, sql, { sink, frozen: true });
    let received = -1;
    await until(
      'the source to be paused',
      async () => {
        const before = received;
        received = await metric('mkb_messages_received_total');
        return received > 0 && received === before;
      },
      { everyMs: 300 },
    );
    expect(bridge.residentBytes()).toBeLessThan(idle + 2 * 64 * MiB);
  });
});

test('one message whose many rows each hold it stops nothing, and is never in memory at once', async () => {
  const rows = process.env.MKB_LONG ? 6000 : 1000;
  const server = await startEmbeddedMqtt();
  ends.push(() => server.stop());
  await start(server.url, 'FOREACH payload.list AS i DO i, payload FROM "v/#"', {
    maxBytes: '16MiB',
    sink: { key: '${i}' },
  });
  let written = 0;
  let inOrder = true;
  kafka.onBatch(batch => {
    for (const { key } of batch.records()) inOrder &&= Number(key) === written++;
  });
  const publisher = await mqtt.connectAsync(server.url);
  ends.push(() => publisher.endAsync(true));
  const list = Array.from({ length: rows }, (_, index) => index);
  const payload = JSON.stringify({ list, filler: 'x'.repeat(257_000 - JSON.stringify(list).length) });
  await publisher.publishAsync('v/1', payload, { qos: 1 });
  let answers = 0;
  let most = 0;
  await until(
    'the message to be delivered',
    async () => {
      answers += (await fetch(`${bridge.httpUrl}/healthz`)).status === 200 ? 1 : 0;
      most = Math.max(most, bridge.residentBytes());
      return (await metric('mkb_messages_delivered_total')) === 1;
    },
    { everyMs: 50, timeoutMs: 120_000 },
  );
  expect([written, inOrder]).toEqual([rows, true]);
  expect(answers).toBeGreaterThan(5);
  expect(most).toBeLessThan(idle + 10 * 16 * MiB);
  expect(await metric('mkb_mqtt_connections_total')).toBe(1);
});
