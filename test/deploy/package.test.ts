/**
 * The package as `npm install` would unpack it, in an empty folder, with the packages that it names as its dependencies and no others: what runs in our
 * clone because a development package happens to be there does not run here.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';

const megabyte = 1e6;
const folder = temporaryFolder('package');
const installed = join(folder, 'node_modules');
const own = join(installed, 'mqtt-kafka-kit');
let packed: { readonly size: number; readonly files: readonly { readonly path: string }[] };

/** Runs a program in the empty folder, and gives what it prints. */
const run = (...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, INIT_CWD: undefined } });
const mkb = (...args: string[]): string => run(join(own, manifest().bin['mqtt-kafka-kit']!), ...args);

const manifest = (): {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
} => JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));

/** As npm does for somebody who installs it: folders of packages that are needed at run time. */
const copyDependencies = (): void => {
  const list = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { encoding: 'utf8' });
  const root = resolve('.');
  for (const from of list
    .trim()
    .split('\n')
    .filter(line => line !== root)) {
    const nested = join(from, 'node_modules');
    cpSync(from, join(folder, relative(root, from)), { recursive: true, filter: file => file !== nested });
  }
};

beforeAll(() => {
  // In a folder of its own, so that what others do with the clone's dist/ meanwhile changes nothing.
  const clone = join(folder, 'clone');
  execFileSync(process.execPath, ['scripts/build.ts', '--out-dir', join(clone, 'dist')]);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'THIRD-PARTY.md', 'bin', 'examples']) {
    cpSync(name, join(clone, name), { recursive: true });
  }
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  [packed] = JSON.parse(execFileSync('npm', pack, { cwd: clone, encoding: 'utf8' }));
  mkdirSync(installed);
  copyDependencies();
  execFileSync('tar', ['-xzf', join(folder, readdirSync(folder).find(name => name.endsWith('.tgz'))!), '-C', folder]);
  cpSync(join(folder, 'package'), own, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
});
afterAll(() => removeFolder(folder));

describe('the package', () => {
  it('is small, and holds no test and nothing that only makes other files', () => {
    expect(packed.size).toBeLessThan(1.5 * megabyte);
    const folders = new Set(packed.files.map(({ path }) => path.split('/').slice(0, 2).join('/')));
    expect([...folders].filter(name => /test|scripts|bench|docs/.test(name))).toEqual([]);
    expect(packed.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'THIRD-PARTY.md']),
    );
  });

  it('needs little room with everything that it depends on', () => {
    const bytes = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    expect(bytes).toBeLessThan(60 * megabyte);
  });

  it('runs the demo, with its page', () => {
    const ports = ['--mqtt-port', '0', '--kafka-port', '0', '--metrics-port', '0', '--http-port', '0'];
    expect(mkb('demo', '--duration', '2s', ...ports)).toContain('None lost.');
  });

  it('has every command', () => {
    expect(mkb('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(mkb('operator', '--help')).toContain('mkb operator');
    expect(mkb('run', '--help')).toContain('mkb run');
  });

  it('checks a document, and a rule that calls jq', () => {
    const file = join(folder, 'bridge.json');
    writeFileSync(file, JSON.stringify(document));
    expect(mkb('validate', file)).toBe(`${file}: cars is valid\n`);
    expect(mkb('eval', `SELECT jq('.a', payload) AS a FROM "t"`, '-t', 't', '-p', '{"a": 1}')).toBe('{"a":[1]}\n');
  });

  it('reads a kubeconfig without the package of the Kubernetes client', () => {
    expect(readdirSync(installed)).not.toContain('@kubernetes');
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, JSON.stringify(kubeconfig));
    expect(() => run(join(own, 'dist/cli/mkb.js'), 'status', '--kubeconfig', file)).toThrow(/127\.0\.0\.1:1/);
  });

  it('is a library with types', () => {
    writeFileSync(join(folder, 'user.ts'), program);
    const options = {
      noEmit: true,
      strict: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024'],
      types: ['node'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['user.ts'] }));
    expect(run(resolve('node_modules/typescript/bin/tsc'), '-p', folder)).toBe('');
    expect(JSON.parse(run('user.ts'))).toEqual({
      valid: ['cars'],
      wrong: ['field-missing'],
      row: '{"speed":50,"vin":"7"}',
      key: 'a/b',
      tests: 0,
    });
  });

  it('exports what is there', () => {
    const targets = JSON.stringify(manifest().exports).match(/\.\/dist[^"]*/g)!;
    const there = (target: string): boolean => packed.files.some(({ path }) => path === target.slice(2));
    expect(targets.filter(target => !target.includes('*') && !there(target))).toEqual([]);
  });
});

const document = {
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'cars' },
  spec: {
    mqtt: { url: 'mqtt://localhost:1883' },
    kafka: { bootstrapServers: ['localhost:9092'] },
    rules: [
      { name: 'all', sql: 'SELECT payload FROM "cars/{vin}"', sinks: [{ kafka: { topic: 'cars', key: '${vin}' } }] },
    ],
  },
};

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'here',
  contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  clusters: [{ name: 'here', cluster: { server: 'http://127.0.0.1:1' } }],
  users: [{ name: 'me', user: { token: 'none' } }],
};

const program = `
import { type MqttKafkaBridge, validateText } from 'mqtt-kafka-kit/document';
import { keyText } from 'mqtt-kafka-kit/operator-runtime/object';
import { encodeJson, evaluateOnce, exampleMessage } from 'mqtt-kafka-kit/rules';
import { runSuites } from 'mqtt-kafka-kit/testing';

const { documents } = validateText(${JSON.stringify(JSON.stringify(document))}, 'bridge.json');
const read: readonly MqttKafkaBridge[] = documents.map(({ document }) => document);
const { problems } = validateText('{apiVersion: mqttkafka.dev/v1alpha1, kind: MqttKafkaBridge, metadata: {name: a}}', 'a.yaml');
const message = exampleMessage({ topic: 'cars/7', payload: '{"speed": 50}' });
const [row] = evaluateOnce('SELECT payload.speed AS speed, vin FROM "cars/{vin}"', message);
const { results } = await runSuites([]);
process.stdout.write(JSON.stringify({
  valid: read.map(({ metadata }) => metadata.name),
  wrong: problems.map(({ code }) => code),
  row: encodeJson(row!),
  key: keyText({ namespace: 'a', name: 'b' }),
  tests: results.length,
}));
`;
