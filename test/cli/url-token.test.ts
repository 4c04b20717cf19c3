// The token of wss://broker/mqtt?token=... stood in logs, events and `config print`.
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { until } from '../real/until.ts';
import { mkb, startMkb } from './mkb-process.ts';

let folder: string;
let broker: EmbeddedMqtt;
let kafka: EmbeddedKafka;
let gateway: WebSocketServer;
const asked: (string | undefined)[] = [];
beforeEach(async () => {
  folder = temporaryFolder('token');
  broker = await startEmbeddedMqtt();
  kafka = await startEmbeddedKafka({ topics: [{ name: 'events', partitions: 1 }], autoCreateTopics: false });
  gateway = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  gateway.on('connection', (socket, request) => {
    asked.push(request.url);
    const { hostname, port } = new URL(broker.url);
    const upstream = connect(Number(port), hostname);
    const stream = createWebSocketStream(socket);
    for (const each of [upstream, stream]) each.on('error', () => undefined);
    stream.pipe(upstream).pipe(stream);
  });
  await new Promise(resolve => gateway.once('listening', resolve));
});
afterEach(async () => {
  for (const socket of gateway.clients) socket.terminate();
  gateway.close();
  await Promise.all([broker.stop(), kafka.stop()]);
  removeFolder(folder);
});

test('a token in the url of the broker is sent to the broker and shown nowhere', async () => {
  const { port } = gateway.address() as { port: number };
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: {
      mqtt: {
        url: `ws://127.0.0.1:${port}/mqtt?token=s3cret`,
        version: '3.1.1',
        reconnect: { minDelay: '10ms', maxDelay: '20ms' },
      },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      rules: [
        { name: 'all', sql: 'SELECT * FROM "a"', sinks: [{ kafka: { topic: 'events' } }] },
        {
          name: 'events',
          sql: 'SELECT * FROM "$events/bridge/mqtt_connected", "$events/bridge/mqtt_disconnected"',
          sinks: [{ kafka: { topic: 'events' } }],
        },
      ],
    },
  };
  const file = join(folder, 'cars.json');
  await writeFile(file, JSON.stringify(document));
  const child = startMkb(['run', '--http', '127.0.0.1:0', '--log-level', 'trace', file]);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (output += chunk));
  const ended = new Promise(resolve => child.once('close', resolve));
  try {
    const url = await until('the ready line', () => /Ready: .* \((http:.*)\)/.exec(output)?.[1]);
    // It is lost, and cannot be opened for a while: the errors of both are shown.
    for (const socket of gateway.clients) socket.terminate();
    await until('the second connection', () => asked.length > 1);
    await until('the events', () => kafka.records('events').length >= 2);
    const pages = await Promise.all(
      ['/metrics', '/readyz', '/healthz'].map(async path => (await fetch(url + path)).text()),
    );
    const events = kafka.records('events').map(({ value }) => String(value));
    expect(asked[0]).toBe('/mqtt?token=s3cret');
    expect(events.join()).toContain('token=***');
    expect(output).toContain('token=***');
    expect([output, ...pages, ...events].join()).not.toContain('s3cret');
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  const printed = await mkb(['config', 'print', file]);
  expect(printed.stdout).toContain('token=***');
  expect(printed.stdout + printed.stderr).not.toContain('s3cret');
  await writeFile(file, JSON.stringify({ ...document, spec: { ...document.spec, rulez: [] } }));
  const problems = await mkb(['validate', file]);
  expect(problems.stderr + problems.stdout).toContain('rulez');
  expect(problems.stderr + problems.stdout).not.toContain('s3cret');
});
