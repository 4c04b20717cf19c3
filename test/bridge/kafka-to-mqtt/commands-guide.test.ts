/** Runs what docs/commands.md says, at brokers on other ports. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { registerMetrics } from '../../../bridge/observe/metrics.ts';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { freePort } from '../../real/ports.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { MkbProcess } from '../../support/bridge-process.ts';

const docs = join(import.meta.dirname, '../../../docs');
const text = readFileSync(join(docs, 'commands.md'), 'utf8');
const yaml = /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
const commands = text.split('\n').flatMap(line => /^ {4}((?:mosquitto|kcat|echo).*)$/.exec(line)?.[1] ?? []);
const shell = promisify(execFile);

describeReal('kafka', 'mosquitto')('docs/commands.md', () => {
  let kafka: RunningKafka;
  let mosquitto: RunningMosquitto;
  let bridge: MkbProcess;

  beforeAll(async () => {
    [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto({ config: { log_type: 'all' } })]);
    bridge = new MkbProcess(parse(here(yaml)) as object, await freePort());
    await bridge.start();
  });
  afterAll(async () => {
    await bridge?.remove();
    await Promise.all([kafka?.stop(), mosquitto?.stop()]);
  });

  /** A text of the guide with the addresses of these brokers. */
  const here = (of: string) =>
    of
      .replaceAll('localhost:1883', `127.0.0.1:${mosquitto.port}`)
      .replaceAll('localhost:9092', kafka.bootstrap)
      .replaceAll(/mosquitto_(sub|pub) /g, `mosquitto_$1 -p ${mosquitto.port} `);

  const run = async (command: string) => (await shell('bash', ['-c', here(command)])).stdout;

  test('a command reaches the vehicle, and its answer Kafka', async () => {
    const [listen, send, answer, read] = commands as [string, string, string, string];
    const vehicle = run(listen.replace(/ &$/, ''));
    await until('the vehicle to listen', () => /SUBSCRIBE[\s\S]*vehicles\/car-1\/commands/.test(mosquitto.log()));
    await run(send);
    expect(await vehicle).toBe('{"do": "lock"}\n');
    await run(answer);
    await until('the answer', async () => (await run(read)) === 'car-1 {"done": "lock"}\n');
  });
});

test('its links and its metrics are there', async () => {
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(match => match[1]!);
  expect(links.filter(link => !existsSync(join(docs, link)))).toEqual([]);
  const registry = new Registry();
  registerMetrics(registry, () => []);
  const known = registry.getMetricsAsArray().map(({ name }) => name);
  for (const [name] of text.matchAll(/mkb_\w+/g)) expect(known).toContain(name);
});
