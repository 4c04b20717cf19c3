import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { Scrape } from '../exporter/support/scrape.ts';
import { until } from '../real/until.ts';
import { mkb, startMkb } from './mkb-process.ts';

let folder: string;
let broker: EmbeddedMqtt;
let kafka: EmbeddedKafka;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-exporter-'));
  broker = await startEmbeddedMqtt();
  kafka = await startEmbeddedKafka({ topics: [{ name: 'cars', partitions: 1 }] });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all([broker.stop(), kafka.stop(), rm(folder, { recursive: true })]);
});

/** Writes a document with this spec, and returns its file. */
const write = async (spec: Record<string, unknown>): Promise<string> => {
  const file = path.join(folder, 'exporter.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaExporter', spec }));
  return file;
};

const watched = () => ({
  interval: '1s',
  timeout: '1s',
  mqtt: [{ name: 'm', url: broker.url, version: '3.1.1', probe: {} }],
  kafka: [
    { name: 'k', bootstrapServers: [kafka.bootstrap] },
    { name: 'away', bootstrapServers: ['127.0.0.1:1'] },
  ],
});

it('says where it listens, shows what is up and what is down, and ends with 0 when asked to stop', async () => {
  const child = startMkb(['exporter', await write(watched()), '--http', '127.0.0.1:0']);
  children.push(child);
  const exit = new Promise(resolve => child.once('close', resolve));
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr!.on('data', chunk => {
    stderr += chunk;
  });
  const url = await until('the line', () => /^Exporter: (http:.*)\/metrics\n$/.exec(stdout)?.[1]);
  await until('it to be ready', async () => (await fetch(`${url}/readyz`)).ok);
  await until('what is up and what is down', async () => {
    const scrape = new Scrape(await (await fetch(`${url}/metrics`)).text());
    const up = ['k', 'away'].map(target => scrape.value('kafka_up', { target }));
    return scrape.value('mqtt_probe_success', { target: 'm' }) === 1 && up[0] === 1 && up[1] === 0;
  });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(stderr).toContain('"code":"kafka-unreachable"');
  expect(stderr).toContain('"target":"away"');
});

it('tells with 78 where a document is wrong', async () => {
  const { code, stdout, stderr } = await mkb([
    'exporter',
    await write({ kafka: [{ name: 'k', bootstrapServers: ['k'] }] }),
  ]);
  expect([code, stdout]).toEqual([78, '']);
  expect(stderr).toMatch(/exporter\.json:1:\d+: error: Found "k", expected host:port/);
});

it('tells with 78 which secret it cannot read', async () => {
  const apiSecret = { valueFrom: { file: path.join(folder, 'none') } };
  const { code, stderr } = await mkb([
    'exporter',
    await write({ emqx: [{ name: 'e', url: 'http://e:1', apiKey: 'a', apiSecret }] }),
  ]);
  expect(code).toBe(78);
  expect(stderr).toContain('[secret-unreadable]');
});

it('checks a document without connecting anywhere', async () => {
  const file = await write(watched());
  expect(await mkb(['exporter', file, '--check'])).toEqual({ code: 0, stdout: `${file} is valid\n`, stderr: '' });
});
