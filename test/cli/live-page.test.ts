// What a running bridge received, made of it and sent was seen by nobody but Kafka's own tools.
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { until } from '../real/until.ts';
import { Metrics } from '../support/metrics.ts';
import { mkb, startMkb } from './mkb-process.ts';

const pageFile = path.resolve(import.meta.dirname, '../../docs/live.md');
const page = await readFile(pageFile, 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text!);
const transcripts = blocks('console').map(block => {
  const [, command, output] = /^\$ mkb ([^\n]*)\n(.*)$/s.exec(block)!;
  return [command!, output!] as const;
});

/** Words of a shell, of which only some are quoted. */
const wordsOf = (command: string): string[] => [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, a, b]) => a ?? b!);
/** Times are another ones each time. */
const timeless = (text: string): string =>
  text.replace(/^\d\d:\d\d:\d\d\.\d{3}/gm, '19:00:00.000').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-11-30T19:00:00Z');

let folder: string;
let broker: EmbeddedMqtt;
let kafka: EmbeddedKafka;
let bridge: ChildProcess;
let client: mqtt.MqttClient;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-live-'));
  broker = await startEmbeddedMqtt();
  const topics = ['fast-cars', 'letters'].map(name => ({ name, partitions: 1 }));
  kafka = await startEmbeddedKafka({ topics, autoCreateTopics: false });
  const file = path.join(folder, 'bridge.yaml');
  const document = blocks('yaml')[0]!
    .replace('mqtt://localhost:1883', broker.url)
    .replace('localhost:9092', kafka.bootstrap);
  await writeFile(file, document);
  bridge = startMkb(['run', '--http', '127.0.0.1:0', file]);
  let out = '';
  bridge.stdout!.on('data', chunk => {
    out += String(chunk);
  });
  bridge.stderr!.resume();
  await until('the bridge to be ready', () => out.includes('Ready: '));
  url = /\((http:[^)]+)\)/.exec(out)![1]!;
  client = await mqtt.connectAsync(broker.url);
});

afterAll(async () => {
  await client?.endAsync();
  bridge?.kill('SIGKILL');
  await Promise.all([broker?.stop(), kafka?.stop(), rm(folder, { recursive: true })]);
});

const metrics = async () => new Metrics(await (await fetch(`${url}/metrics`)).text());
const watchers = (count: number) =>
  until('somebody to watch', async () => (await metrics()).sum('mkb_tap_watchers') === count);

let published = 0;

/** Three messages, one after the other. Returns when each has an outcome. */
async function publish(): Promise<void> {
  published += 3;
  await client.publishAsync('cars/7', '{"speed": 120}', { qos: 1 });
  await client.publishAsync('cars/8', '{"speed": 50}', { qos: 1 });
  await client.publishAsync('cars/9', Buffer.from([0, 255, 1]), { qos: 1 });
  await until('all of them to be through', async () => {
    const now = await metrics();
    return now.sum('mkb_messages_received_total') === published && now.sum('mkb_messages_in_flight') === 0;
  });
}

describe('docs/live.md shows what is printed by', () => {
  it('three commands', () => expect(transcripts).toHaveLength(3));

  it.each(transcripts)('mkb %s', async (command, output) => {
    const running = mkb([...wordsOf(command), '--url', url]);
    if (command.startsWith('tap')) {
      await watchers(1);
      await publish();
    }
    const { code, stdout, stderr } = await running;
    expect(timeless(stdout + stderr)).toBe(timeless(output));
    expect(code).toBe(0);
  });
});

describe('mkb tap', () => {
  it('ends with a signal, says how much it has shown, and leaves nobody behind', async () => {
    const child = startMkb(['tap', '--url', url]);
    let [out, err] = ['', ''];
    child.stdout!.on('data', chunk => {
      out += String(chunk);
    });
    child.stderr!.on('data', chunk => {
      err += String(chunk);
    });
    const exit = new Promise(resolve => child.once('close', resolve));
    await watchers(1);
    await publish();
    await until('the messages', () => out.split('\n').length === 4);
    child.kill('SIGINT');
    expect(await exit).toBe(0);
    expect(err).toBe('3 messages shown\n');
    await watchers(0);
  });

  it('shows what would move a cursor as a mark', async () => {
    const running = mkb(['tap', '--limit', '1', '--url', url]);
    await watchers(1);
    published++;
    await client.publishAsync('cars/x', '\u001b[2Ja\nb\u009b', { qos: 1 });
    const { stdout } = await running;
    expect(stdout).toMatch(/ cars\/x +qos=1 {2}\ufffd\[2Ja b\ufffd\n$/);
  });

  it.each([
    [['tap', 'rule:fats'], 1, 'did you mean rule:fast?'],
    [['tap', '--filter', 'a/#/b'], 1, '[tap-filter-invalid]'],
    [['tap', '--url', 'http://127.0.0.1:1'], 69, '[tap-unreachable]'],
    [['top', '--once', '--url', 'http://127.0.0.1:1'], 69, '[tap-unreachable]'],
    [['tap', '--url', 'ftp://bridge'], 2, 'Write a URL such as http://127.0.0.1:9400.'],
    [['tap', '--rate', '0'], 2, 'Write a whole number from 1 to 1000.'],
    [['top', '--interval', '1ms'], 2, 'Write 100ms or more.'],
    [['tap', '--token-file', '/does/not/exist'], 78, '[secret-unreadable]'],
  ])('mkb %j ends with %i and says why', async (args, code, text) => {
    const ended = await mkb(args.includes('--url') ? args : [...args, '--url', url]);
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([code, '', expect.stringContaining(text)]);
  });

  it('is refused by what is no bridge', async () => {
    const { code, stderr } = await mkb(['top', '--once', '--url', `http://127.0.0.1:${new URL(broker.url).port}`]);
    expect([code, stderr]).toEqual([69, expect.stringContaining('[tap-unreachable]')]);
  });
});

it('mkb top gives rates, latency and what failed since the figures before, as JSON', async () => {
  const child = startMkb(['top', '--json', '--interval', '300ms', '--url', url]);
  let out = '';
  child.stdout!.on('data', chunk => {
    out += String(chunk);
  });
  const exit = new Promise(resolve => child.once('close', resolve));
  const lines = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line));
  await until('figures', () => lines().length > 0);
  await publish();
  const moved = () => lines().filter(({ bridges }) => bridges[0].sources[0].receivedRate > 0);
  await until('messages to be seen', () => {
    const received = moved().reduce((sum, { bridges }) => sum + bridges[0].rules[0].failedRate, 0);
    return received > 0;
  });
  const [bridgeTop] = moved()[0].bridges;
  expect(bridgeTop).toMatchObject({ bridge: 'cars', replicas: 1, mqttConnected: 1, kafkaConnected: 1, retriedRate: 0 });
  expect(bridgeTop.sources.map(({ source }: { source: string }) => source)).toEqual(['mqtt']);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});
