// `curl //host:9400//` ended the process that moved everybody's messages.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attack, attacks, statusOf } from '../network/support/attacks.ts';
import { temporaryFolder } from '../real/cleanup.ts';
import { until } from '../real/until.ts';
import { startMkb } from './mkb-process.ts';

const exporter = join(temporaryFolder('attacked'), 'exporter.yaml');
writeFileSync(
  exporter,
  `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaExporter
spec:
  mqtt: [{name: m, url: "mqtt://127.0.0.1:1"}]
`,
);

test.each([
  [
    'the demo',
    ['demo', '--mqtt-port', '0', '--kafka-port', '0', '--metrics-port', '0', '--http-port', '0'],
    /Ready in/,
  ],
  ['the exporter', ['exporter', exporter, '--http', '127.0.0.1:0'], /Exporter:/],
])('%s lives on, with all its ports, after what anybody can send', async (_, args, ready) => {
  const child = startMkb(args);
  try {
    let text = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (text += chunk));
    await until('it to be ready', () => ready.test(text));
    const ports = [
      ...new Set([...text.matchAll(/(?:localhost|127\.0\.0\.1):(\d{4,5})/g)].map(([, port]) => Number(port))),
    ];
    const open = ports.filter(port => port > 1);
    expect(open.length).toBeGreaterThanOrEqual(args[0] === 'demo' ? 4 : 1);
    for (const bytes of Object.values(attacks)) {
      await Promise.all(open.map(port => attack({ port, tls: false }, bytes, 'closes its half', 30)));
    }
    expect(child.exitCode).toBe(null);
    const metrics = await Promise.all(open.map(port => statusOf({ port, tls: false }, 'GET /healthz')));
    expect(metrics).toContain(200);
  } finally {
    child.kill('SIGKILL');
  }
});
