import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands/table.ts';
import { mkb } from './mkb-process.ts';

const root = path.resolve(import.meta.dirname, '../..');
const hook = pathToFileURL(path.join(import.meta.dirname, 'loaded-modules.ts')).href;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mkb-start-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Loaded {
  readonly packages: readonly string[];
  /** Files of ours that do what a command is for, so all but those that read its command line. */
  readonly workers: readonly string[];
  readonly count: number;
}

const loadedBy = async (...args: string[]): Promise<Loaded> => {
  const file = path.join(folder, 'loaded');
  writeFileSync(file, '');
  await mkb(args, { env: { MKB_LOADED: file, NODE_OPTIONS: `--import=${hook}` } });
  const files = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(url => path.relative(root, new URL(url).pathname));
  const packages = files.flatMap(each => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(each)?.[1] ?? []);
  const own = files.filter(each => !each.startsWith('node_modules/'));
  return { packages: [...new Set(packages)], workers: own.filter(each => !light.test(each)), count: own.length };
};

/** What a command line is read with. */
const light =
  /^(package\.json|cli\/(mkb|signals|exit-codes|address|termination-log)\.ts|cli\/commands\/.*|api\/durations\.ts|api\/schema\/object-names\.ts|demo\/vehicles\/defaults\.ts)$/;

/** Files that say what command lines may hold: a command each, and what several of them have alike. */
const commandLines = readdirSync(new URL('../../cli/commands', import.meta.url)).length;
const nested = ['config print', 'render k8s', 'buffer status', 'dead-letters list', 'dead-letters replay'];
const helps = [...Object.keys(commands), ...nested].map(name => [`${name} --help`]);

// mkb --version took 1.4 s of CPU, as every command was loaded for it with Kafka, MQTT, Kubernetes and metrics.
describe('what is loaded of ours does no work, and of packages only commander is loaded, by', () => {
  it.each([
    ['--version'],
    ['--help'],
    ['help'],
    ['help run'],
    ['valdate'],
    ['run --jsn x.yaml'],
    ...helps,
  ])('mkb %s', async line => {
    const { packages, workers, count } = await loadedBy(...line.split(' '));
    expect({ packages, workers }).toEqual({ packages: ['commander'], workers: [] });
    // Completion is made of what all command lines may hold.
    expect(count).toBeLessThanOrEqual(line.startsWith('completion') ? 20 + commandLines : 20);
  });
});

it('a command that is called loads what it needs: the hook sees what it looks for', async () => {
  const { packages, workers } = await loadedBy('functions', 'upper');
  expect(workers).toContain('cli/functions.ts');
  expect(workers).not.toContain('bridge/main.ts');
  expect(packages).not.toContain('@platformatic/kafka');
});
