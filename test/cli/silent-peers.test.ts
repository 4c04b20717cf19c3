// A peer that takes connections and says nothing kept a process for as long as its own time limits, one after the other.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attack, attacks, statusOf } from '../network/support/attacks.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { until } from '../real/until.ts';
import { startMkb } from './mkb-process.ts';

let folder: string;
let silent: Server;
let port: number;
const sockets = new Set<Socket>();
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = temporaryFolder('silent');
  silent = createServer(socket => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  port = (silent.address() as { port: number }).port;
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  silent.close();
  removeFolder(folder);
});

const write = (name: string, content: object): string => {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
};

const bridge = (back: boolean): object => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'b' },
  spec: {
    mqtt: { url: `mqtt://127.0.0.1:${port}` },
    kafka: { bootstrapServers: [`127.0.0.1:${port}`] },
    rules: [
      back
        ? { name: 'r', sql: 'SELECT * FROM "$kafka/t"', sinks: [{ mqtt: { topic: 'a', payload: '${value}' } }] }
        : { name: 'r', sql: 'SELECT payload FROM "a/{id}"', sinks: [{ kafka: { topic: 't', key: '${id}' } }] },
    ],
    delivery: { shutdownTimeout: '2s' },
  },
});

const exporter = (): object => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaExporter',
  spec: {
    mqtt: [{ name: 'm', url: `mqtt://127.0.0.1:${port}` }],
    kafka: [{ name: 'k', bootstrapServers: [`127.0.0.1:${port}`] }],
    emqx: [{ name: 'e', url: `http://127.0.0.1:${port}`, apiKey: 'k', apiSecret: { value: 's' } }],
  },
});

const kubeconfig = (): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
  clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }],
  users: [{ name: 'u', user: {} }],
});

const http = ['--http', '127.0.0.1:0'];

const commands = {
  run: { args: () => ['run', write('b.json', bridge(false)), ...http], limitMs: 2000, code: 0 },
  'run, from Kafka to MQTT': { args: () => ['run', write('b.json', bridge(true)), ...http], limitMs: 2000, code: 0 },
  drain: { args: () => ['drain', write('b.json', bridge(false))], limitMs: 2000, code: 1 },
  exporter: { args: () => ['exporter', write('e.json', exporter()), ...http], limitMs: 5000, code: 0 },
  operator: {
    args: () => ['operator', '--kubeconfig', write('k.json', kubeconfig()), ...http],
    limitMs: 15_000,
    code: 0,
  },
  simulate: {
    args: () => ['simulate', '--url', `mqtt://127.0.0.1:${port}`, '--connect-timeout', '60s'],
    limitMs: 6000,
    code: 0,
  },
};

test.each(
  Object.keys(commands) as (keyof typeof commands)[],
)('mkb %s ends in its time although nobody answers it', async name => {
  const { args, limitMs, code } = commands[name];
  const child = startMkb(args());
  children.push(child);
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (text += chunk));
  await until('a connection', () => sockets.size > 0);
  await new Promise(resolve => setTimeout(resolve, 500));
  const start = performance.now();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [status] = await ended;
  // On a busy machine the end itself takes its time.
  const late = performance.now() - start > limitMs + 10_000;
  expect({ status, late }, text).toEqual({ status: code, late: false });
});

test('the operator lives on after what anybody can send', async () => {
  const child = startMkb(commands.operator.args());
  children.push(child);
  let text = '';
  child.stdout!.on('data', chunk => (text += chunk));
  await until('it to listen', () => text.includes('Operator:'));
  const target = { port: Number(/:(\d+)\/metrics/.exec(text)![1]), tls: false };
  for (const bytes of Object.values(attacks)) await attack(target, bytes, 'closes its half', 20);
  expect(await statusOf(target, 'GET /healthz')).toBe(200);
  expect(child.exitCode).toBe(null);
});
