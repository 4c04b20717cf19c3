// Logs of several replicas were JSON lines of 500 characters, a command for each Pod.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Answer, type ScriptedApi, startScriptedApi } from '../operator/support/scripted-api.ts';
import { until } from '../real/until.ts';
import { mkb, startMkb } from './mkb-process.ts';

let folder: string;
let api: ScriptedApi;
let kubeconfig: string;
/** What is logged by each Pod; the response stays open where that is wanted. */
let logOf: (pod: string, ...call: Parameters<Answer>) => void;
let podNames: string[];

const line = (msg: string, more: object = {}) =>
  `${JSON.stringify({ level: 30, time: '2026-01-01T08:00:00.000Z', bridge: 'cars', msg, ...more })}\n`;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-logs-'));
  podNames = ['cars-bridge-0', 'cars-bridge-1'];
  logOf = (pod, response) => response.end(line(`connected from ${pod}`));
  api = await startScriptedApi((response, asked) => {
    const pod = /\/pods\/([^/]+)\/log$/.exec(asked.path)?.[1];
    if (pod !== undefined) return logOf(pod, response, asked);
    if (asked.path.endsWith('/mqttkafkabridges/cars'))
      return void response.end(JSON.stringify({ metadata: { name: 'cars', namespace: 'default' }, spec: {} }));
    if (asked.path.endsWith('/mqttkafkabridges'))
      return void response.end(JSON.stringify({ items: [], metadata: { resourceVersion: '1' } }));
    if (!asked.path.endsWith('/pods')) return void response.writeHead(404).end('{}');
    const items = podNames.map(name => ({ metadata: { name, namespace: 'default', uid: `uid-${name}` } }));
    response.end(JSON.stringify({ items, metadata: { resourceVersion: '1' } }));
  });
  kubeconfig = path.join(folder, 'config');
  await writeFile(kubeconfig, api.config.exportConfig());
});
afterEach(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

const logs = (...args: string[]) => mkb(['logs', 'cars', ...args], { env: { KUBECONFIG: kubeconfig } });

it('prints one short line for each event of each Pod, with the Pod', async () => {
  logOf = (pod, response) =>
    response.end(`${line('connected') + line('slow', { level: 40, code: 'x', remedy: 'Wait.' })}not JSON of ${pod}`);
  const { code, stdout, stderr } = await logs('--log-format', 'text');
  expect([code, stderr]).toEqual([0, '']);
  const clock = String.raw`\d\d:\d\d:\d\d`;
  expect(stdout).toMatch(
    new RegExp(
      ['0', '1']
        .map(
          ordinal =>
            `cars-bridge-${ordinal} ${clock} info {2}cars: connected\n` +
            `cars-bridge-${ordinal} ${clock} warn {2}cars: slow \\[x\\]\n` +
            // What is said once of a code is not said again by the next Pod.
            (ordinal === '0' ? `cars-bridge-0 +Wait\\.\n` : '') +
            `cars-bridge-${ordinal} not JSON of cars-bridge-${ordinal}\n`,
        )
        .join('')
        .replace(/^/, '^')
        .replace(/$/, '$'),
    ),
  );
});

it('prints what the guide shows', async () => {
  const guide = readFileSync('docs/install-kubernetes.md', 'utf8');
  const [, shown] = /^\$ kubectl mkb logs my-vehicles --tail 2\n(.*?)^```/ms.exec(guide)!;
  podNames = ['my-vehicles-bridge-0', 'my-vehicles-bridge-1'];
  logOf = (pod, response) => {
    const second = pod.endsWith('0') ? 0 : 1;
    const bridge = 'my-vehicles';
    response.write(line('connected to the MQTT broker', { bridge, time: `2026-01-01T08:00:0${second}.000Z` }));
    const failed = { rule: 'positions', topic: 'vehicles/7', code: 'rule-failed', remedy: 'Correct the rule.' };
    const more = { bridge, level: 40, time: '2026-01-01T08:00:02.000Z', ...failed };
    response.end(second === 0 ? line('dropped', more) : '');
  };
  const env = { KUBECONFIG: kubeconfig, TZ: 'UTC' };
  expect((await mkb(['logs', 'cars', '--log-format', 'text'], { env })).stdout).toBe(shown);
});

it('prints JSON lines for programs, each with its Pod', async () => {
  const { stdout } = await logs();
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map(text => JSON.parse(text))).toEqual(
    podNames.map(pod => expect.objectContaining({ pod, msg: `connected from ${pod}` })),
  );
});

it('asks for what the command line says', async () => {
  await logs('--ordinal', '1', '--previous', '--tail', '5', '--since', '2m');
  expect(
    api.asked.filter(({ path: asked }) => asked.endsWith('/log')).map(({ path: asked, query }) => [asked, query]),
  ).toEqual([
    [
      '/api/v1/namespaces/default/pods/cars-bridge-1/log',
      { container: 'bridge', previous: 'true', tailLines: '5', sinceSeconds: '120' },
    ],
  ]);
});

it('says that there is no Pod', async () => {
  const { code, stderr } = await logs('--ordinal', '7');
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('The bridge default/cars has no Pod of number 7. [bridge-no-pods]'),
  ]);
});

it('follows Pods, those that come later and begin late too, until it is ended', async () => {
  podNames = [];
  let refusals = 0;
  logOf = (pod, response) => {
    if (refusals++ === 0)
      return void response.writeHead(400).end('{"message": "container bridge is waiting to start"}');
    response.write(line(`connected from ${pod}`));
  };
  const child = startMkb(['logs', 'cars', '--follow'], { KUBECONFIG: kubeconfig });
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  let out = '';
  child.stdout!.on('data', chunk => {
    out += String(chunk);
  });
  await until('a look at the Pods', () => api.asked.some(({ path: asked }) => asked.endsWith('/pods')));
  podNames = ['cars-bridge-0'];
  await until('its line', () => out.includes('connected from cars-bridge-0'));
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
