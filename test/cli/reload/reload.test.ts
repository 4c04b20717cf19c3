// SIGHUP ended a bridge, and an edited rule was not noticed.
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { documentHash } from '../../../api/reload/document-hash.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';
import { Metrics } from '../../support/metrics.ts';
import { startMkb } from '../mkb-process.ts';

let folder: string;
let broker: EmbeddedMqtt;
let kafka: EmbeddedKafka;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-reload-'));
  broker = await startEmbeddedMqtt();
  kafka = await startEmbeddedKafka({ topics: [{ name: 'cars', partitions: 1 }], autoCreateTopics: false });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all([broker.stop(), kafka.stop(), rm(folder, { recursive: true })]);
});

interface Running {
  readonly child: ChildProcess;
  url: string;
  log: string;
  readonly exit: Promise<number | null>;
}

const documentOf = (sql: string, mqttFields: object = {}): string =>
  JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: {
      mqtt: { url: broker.url, ...mqttFields },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      rules: [{ name: 'all', sql, sinks: [{ kafka: { topic: 'cars' } }] }],
    },
  });

const plain = 'SELECT payload FROM "cars/+"';
const marked = 'SELECT payload AS is FROM "cars/+"';

const start = (file: string, ...options: string[]) => startIn({}, file, ...options);

async function startIn(env: NodeJS.ProcessEnv, file: string, ...options: string[]): Promise<Running> {
  const child = startMkb(['run', '--http', '127.0.0.1:0', file, ...options], env);
  children.push(child);
  const running: Running = { child, url: '', log: '', exit: new Promise(resolve => child.once('close', resolve)) };
  let out = '';
  child.stdout!.on('data', chunk => {
    out += String(chunk);
  });
  child.stderr!.on('data', chunk => {
    running.log += String(chunk);
  });
  await until('the bridge to be ready', () => {
    if (child.exitCode !== null) throw new Error(running.log);
    return out.includes('Ready: ');
  });
  running.url = /\((http:[^)]+)\)/.exec(out)![1]!;
  return running;
}

async function started(...options: string[]): Promise<Running & { readonly file: string }> {
  const file = path.join(folder, 'cars.json');
  await writeFile(file, documentOf(plain));
  return Object.assign(await start(file, ...options), { file });
}

/** A file that is changed in place is seen half written where the machine stands still meanwhile. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** What becomes of a message. */
async function seen(payload: string): Promise<string> {
  const client = await mqtt.connectAsync(broker.url);
  const before = kafka.records('cars').length;
  await client.publishAsync('cars/1', payload, { qos: 1 });
  await client.endAsync();
  await until('the record', () => kafka.records('cars').length > before);
  return kafka.records('cars').at(-1)!.value!.toString();
}

const reload = (url: string, headers: Record<string, string> = {}, method = 'POST') =>
  fetch(`${url}/-/reload`, { method, headers });

const metrics = async (url: string) => new Metrics(await (await fetch(`${url}/metrics`)).text());

it('SIGHUP has the documents read again, and what is wrong leaves the bridge as it was', async () => {
  const running = await started();
  const { url, file, child } = running;
  expect(await seen('1')).toBe('1');
  const hash = (await metrics(url)).sum('mkb_config_hash');
  await writeFile(file, documentOf(marked));
  child.kill('SIGHUP');
  await until('the reload', () => running.log.includes('"msg":"reloaded"'));
  expect(await seen('2')).toBe('{"is":"2"}');
  const after = await metrics(url);
  expect(after.sum('mkb_config_hash')).not.toBe(hash);
  expect(after.sum('mkb_config_last_reload_successful')).toBe(1);

  await writeFile(file, documentOf(plain).replace('"rules"', '"rulez"'));
  child.kill('SIGHUP');
  await until('the refusal', () => running.log.includes('not reloaded'));
  expect(running.log).toContain('field-unknown');
  expect(await seen('3')).toBe('{"is":"3"}');
  expect((await metrics(url)).sum('mkb_config_last_reload_successful')).toBe(0);
  expect((await metrics(url)).sum('mkb_config_hash')).toBe(after.sum('mkb_config_hash'));
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await running.exit).toBe(0);
});

describe('POST /-/reload', () => {
  it('answers with what was done, or with everything that is wrong', async () => {
    const { url, file } = await started();
    expect(await (await reload(url)).text()).toBe('cars: nothing to change\n');
    await writeFile(file, documentOf(marked));
    const done = await reload(url);
    expect([done.status, await done.text()]).toEqual([200, 'cars: reloaded: changed all\n']);
    expect(await seen('1')).toBe('{"is":"1"}');

    const wrong: readonly [string, string | undefined, string][] = [
      ['cut off in the middle', documentOf(plain).slice(0, 200), 'document-syntax'],
      ['with a field that there is not', documentOf(plain).replace('"rules"', '"rulez"'), 'field-unknown'],
      ['with a rule that does not compile', documentOf('SELECT FROM'), 'all'],
      ['with another address', documentOf(plain, { url: 'mqtt://127.0.0.1:1' }), 'spec.mqtt.url'],
      ['of another bridge', documentOf(plain).replace('"name":"cars"', '"name":"others"'), 'reload-other-bridges'],
      [
        'with a topic that does not exist',
        documentOf(plain).replace('"topic":"cars"', '"topic":"absent"'),
        'kafka-unknown-topic',
      ],
      ['empty', '', 'document'],
      ['gone', undefined, 'there is no such file'],
    ];
    for (const [what, text, said] of wrong) {
      if (text === undefined) await rm(file);
      else await writeFile(file, text);
      const refused = await reload(url);
      expect([what, refused.status]).toEqual([what, 422]);
      expect(await refused.text(), what).toContain(said);
      expect(await seen('7'), what).toBe('{"is":"7"}');
    }
    await writeFile(file, documentOf(plain));
    expect((await reload(url)).status).toBe(200);
    expect(await seen('8')).toBe('8');
  });

  it('is refused to pages of browsers, to proxies, to other methods, and without the token', async () => {
    const tokenFile = path.join(folder, 'token');
    await writeFile(tokenFile, 'let-me-in\n');
    const { url } = await started('--reload-token-file', tokenFile);
    const statusOf = async (headers: Record<string, string>, method?: string) =>
      (await reload(url, headers, method)).status;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({}, 'GET')).toBe(405);
    const raw = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request(`${url}/-/reload`, { method: 'POST', headers }, answer => resolve(answer.statusCode));
        sent.on('error', reject).end();
      });
    expect(await raw({ origin: 'http://127.0.0.1' })).toBe(403);
    expect(await raw({ origin: 'null', authorization: 'Bearer let-me-in' })).toBe(403);
    expect(await raw({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await raw({ 'x-forwarded-for': '203.0.113.9' })).toBe(401);
    expect(await raw({ 'x-forwarded-for': '203.0.113.9', authorization: 'Bearer let-me-in' })).toBe(200);
    expect(await raw({ authorization: 'Bearer guess' })).toBe(401);
    await writeFile(tokenFile, 'another\n');
    expect(await raw({ authorization: 'Bearer let-me-in' })).toBe(401);
    expect(await raw({ authorization: 'Bearer another' })).toBe(200);
  });

  const address = Object.values(networkInterfaces())
    .flat()
    .find(each => each?.family === 'IPv4' && !each.internal)?.address;
  it.skipIf(address === undefined)('is refused to other machines without a token', async () => {
    const file = path.join(folder, 'cars.json');
    await writeFile(file, documentOf(plain));
    const running = await start(file, '--http', '0.0.0.0:0');
    const { port } = new URL(running.url);
    expect((await reload(`http://${address}:${port}`)).status).toBe(403);
    expect((await reload(`http://127.0.0.1:${port}`)).status).toBe(200);
  });
});

describe('--watch', () => {
  it('takes a file that an editor has replaced', async () => {
    const running = await started('--watch');
    await replace(running.file, documentOf(marked));
    await until('the reload', () => running.log.includes('"msg":"reloaded"'));
    expect(await seen('1')).toBe('{"is":"1"}');
  });

  it('takes what a volume of Kubernetes shows, whose files change with one link', async () => {
    const version = async (name: string, sql: string) => {
      await mkdir(path.join(folder, name));
      await writeFile(path.join(folder, name, 'bridge.json'), documentOf(sql));
      await symlink(name, path.join(folder, '..data_tmp'));
      await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
    };
    await version('..2026_1', plain);
    const file = path.join(folder, 'bridge.json');
    await symlink('..data/bridge.json', file);
    const running = await start(file, '--watch');
    await version('..2026_2', marked);
    await until('the reload', () => running.log.includes('"msg":"reloaded"'));
    expect(await seen('1')).toBe('{"is":"1"}');
  });

  it('says once what is wrong, and goes on', async () => {
    const running = await started('--watch');
    await replace(running.file, documentOf('SELECT FROM'));
    await until('the refusal', () => running.log.includes('not reloaded'));
    await replace(running.file, documentOf(marked));
    await until('the reload', () => running.log.includes('"msg":"reloaded"'));
    expect(running.log.split('not reloaded')).toHaveLength(2);
  });

  // In a cluster nobody changes the file once more because Kafka had no topic yet, or a broker was down.
  it('takes a document later that could not be taken at once, and shows meanwhile which one and why', async () => {
    const running = await started('--watch');
    const { url, file } = running;
    const other = documentOf(plain).replace('"topic":"cars"', '"topic":"later"');
    await replace(file, other);
    await until('the refusal', () => running.log.includes('not reloaded'));
    const page = async () => await (await fetch(`${url}/metrics`)).text();
    const hash = documentHash(completeDocument(JSON.parse(other)));
    expect(await page()).toContain(`mkb_config_refused_hash{bridge="cars",code="kafka-unknown-topic"} ${hash}`);
    kafka.cluster.createTopic('later', 1);
    await until('the reload', () => running.log.includes('"msg":"reloaded"'));
    expect((await metrics(url)).sum('mkb_config_hash')).toBe(hash);
    expect(await page()).not.toContain('mkb_config_refused_hash{');
  });

  it('is also what the variable MKB_WATCH asks for, which an older version does not refuse', async () => {
    const file = path.join(folder, 'cars.json');
    await writeFile(file, documentOf(plain));
    const running = await startIn({ MKB_WATCH: 'true' }, file);
    await writeFile(file, documentOf(marked));
    await until('the reload', () => running.log.includes('"msg":"reloaded"'));
  });
});
