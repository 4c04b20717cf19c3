// A pipe that nobody read was full after 64 KiB of logs, and the bridge stood still: no message, no /healthz, no end at SIGTERM.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../real/cleanup.ts';
import { freePort } from '../real/ports.ts';
import { until, untilStarted } from '../real/until.ts';

const mkbFile = fileURLToPath(new URL('../../cli/mkb.ts', import.meta.url));
const folder = temporaryFolder('output');

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const start = (args: readonly string[], errors: 'pipe' | number = 'pipe'): ChildProcess => {
  const child = spawn(process.execPath, [mkbFile, ...args], { stdio: ['ignore', 'pipe', errors] });
  children.push(child);
  return child;
};

/** A pipe of 64 KiB that is open at both ends and that nobody reads, and whether it takes no more. */
const unreadPipe = (): { readonly end: number; readonly isFull: () => boolean } => {
  const file = join(folder, `pipe-${randomUUID()}`);
  execFileSync('mkfifo', [file]);
  const end = openSync(file, 'r+');
  const probe = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  const isFull = () => {
    try {
      return writeSync(probe, '.') === 0;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EAGAIN';
    }
  };
  return { end, isFull };
};

/** Bridges whose brokers do not answer: each logs a few hundred bytes at once. */
const document = (count: number): string => {
  const file = join(folder, `bridges-${count}.yaml`);
  const bridges = Array.from(
    { length: count },
    (_, n) => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: b${n}}
spec:
  mqtt: {url: "mqtt://127.0.0.1:1", clientId: c${n}}
  kafka: {bootstrapServers: ["127.0.0.1:1"], topics: []}
  rules:
    - name: all
      sql: SELECT payload FROM "a/{vin}"
      sinks: [{kafka: {topic: t, key: "\${vin}"}}]
`,
  );
  writeFileSync(file, bridges.join('---\n'));
  return file;
};

const exporterFile = (): string => {
  const file = join(folder, 'exporter.yaml');
  const targets = Array.from({ length: 400 }, (_, n) => `{name: t${n}, url: "mqtt://127.0.0.1:1"}`);
  writeFileSync(
    file,
    `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaExporter
spec: {interval: 1s, timeout: 1s, mqtt: [${targets.join(', ')}]}
`,
  );
  return file;
};

const isWell = (port: number) =>
  fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok);

describe.each([
  ['run', () => document(400)],
  ['exporter', exporterFile],
])('mkb %s', (command, file) => {
  test('answers, and ends when it is asked to, although nobody reads its logs', async () => {
    const port = await freePort();
    const pipe = unreadPipe();
    const child = start([command, file(), '--http', `127.0.0.1:${port}`], pipe.end);
    await untilStarted('a full pipe', pipe.isFull);
    for (let look = 0; look < 10; look++) {
      await until('it to answer', () => isWell(port));
      await new Promise(resolve => setTimeout(resolve, 300));
    }
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });

  test('goes on when nobody is there any more who could read', async () => {
    const port = await freePort();
    const child = start([command, file(), '--http', `127.0.0.1:${port}`]);
    child.stdout!.destroy();
    child.stderr!.destroy();
    await untilStarted('it to answer, or to end', () => child.exitCode !== null || isWell(port));
    await new Promise(resolve => setTimeout(resolve, 1500));
    expect(child.exitCode).toBe(null);
    await until('it to answer still', () => isWell(port));
  });
});

test.each([
  ['schema'],
  ['functions'],
  ['run', '--help'],
])('mkb %s ends well when its reader has gone', async (...args) => {
  const child = start(args);
  child.stdout!.destroy();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});

test('mkb simulate ends when its reader has gone', async () => {
  const child = start(['simulate', '--url', 'mqtt://127.0.0.1:1', '--connect-timeout', '60s']);
  child.stdout!.destroy();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
