import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import type { Outcome } from './mkb-process.ts';

const root = path.resolve(import.meta.dirname, '../..');
const launcher = path.join(root, 'bin', 'mkb');
const rule = { name: 'all', sql: 'SELECT payload FROM "cars/{vin}"', sinks: [{ kafka: { topic: 'cars' } }] };
const spec = { mqtt: { url: 'mqtt://localhost' }, kafka: { bootstrapServers: ['localhost:9092'] }, rules: [rule] };
const document = { apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'cars' }, spec };

let folder: string;
let oldNode: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'mkb-launcher-')));
  writeFileSync(path.join(folder, 'bridge.json'), JSON.stringify(document));
  oldNode = path.join(folder, 'old-node.cjs');
  const versions = "Object.assign({}, process.versions, { node: '18.20.8' })";
  writeFileSync(oldNode, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As npm has it: nothing of the npm that runs these tests. */
const cleanEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && name !== 'INIT_CWD'),
);

interface Surroundings {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const run = (
  program: string,
  args: readonly string[],
  { cwd = folder, env = {} }: Surroundings = {},
): Promise<Outcome> =>
  new Promise(resolve => {
    const child = execFile(program, args, { cwd, env: { ...cleanEnv, ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

const onThisNode = { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
const valid = { code: 0, stdout: 'bridge.json: cars is valid\n', stderr: '' };

describe('file names are those of the folder in which the user stands,', () => {
  // Under npm run, bridge.yaml was looked for in the clone.
  it('under npm run too', async () => {
    const npm = { INIT_CWD: folder, npm_lifecycle_event: 'mkb', npm_package_json: path.join(root, 'package.json') };
    expect(await run(process.execPath, ['bin/mkb', 'validate', 'bridge.json'], { cwd: root, env: npm })).toEqual(valid);
  });

  it('with bin/mkb from another folder, by a link as well', async () => {
    expect(await run(launcher, ['validate', 'bridge.json'], { env: onThisNode })).toEqual(valid);
    symlinkSync(launcher, path.join(folder, 'mkb'));
    expect(await run('./mkb', ['validate', 'bridge.json'], { env: onThisNode })).toEqual(valid);
  });

  it.each([
    ['a script of another package', { npm_lifecycle_event: 'mkb', npm_package_json: '/other/package.json' }],
    ['a test that npm runs', { npm_lifecycle_event: 'test', npm_package_json: path.join(root, 'package.json') }],
  ])('and of its own folder in %s', async (_, npm) => {
    const env = { INIT_CWD: tmpdir(), ...npm };
    expect(await run(process.execPath, [launcher, 'validate', 'bridge.json'], { env })).toEqual(valid);
  });
});

describe('Node that is older than 24', () => {
  /** A clone whose packages may be missing. */
  const clone = (withPackages: boolean): string => {
    const copy = mkdtempSync(path.join(folder, 'clone-'));
    for (const part of ['bin', 'package.json'])
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    if (withPackages) {
      mkdirSync(path.join(copy, 'node_modules', 'node', 'bin'), { recursive: true });
      symlinkSync(process.execPath, path.join(copy, 'node_modules', 'node', 'bin', 'node'));
      mkdirSync(path.join(copy, 'cli'));
      const source = 'process.on("SIGTERM", () => process.exit(7)); process.stdout.write(`${process.argv.slice(2)}`);';
      writeFileSync(
        path.join(copy, 'cli', 'mkb.ts'),
        `${source} if (process.argv[2] === 'wait') setInterval(() => {}, 1e6);`,
      );
    }
    return path.join(copy, 'bin', 'mkb');
  };

  // It ended with ERR_UNKNOWN_FILE_EXTENSION and a stack trace.
  it('gets one sentence with the remedy when there is no other', async () => {
    const { code, stdout, stderr } = await run(process.execPath, ['--require', oldNode, clone(false), '--version']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^mkb needs Node 24 or later, and this is Node 18\.20\.8: run npm ci in \S+, which brings it, or install it\.\n$/,
    );
  });

  it('hands over to the one that npm ci brought, with arguments, exit code and signals', async () => {
    const mkb = clone(true);
    const args = ['--require', oldNode, mkb];
    expect(await run(process.execPath, [...args, 'eval', 'a b'])).toEqual({ code: 0, stdout: 'eval,a b', stderr: '' });
    const child = spawn(process.execPath, [...args, 'wait'], { env: cleanEnv, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill('SIGTERM'));
    const code = new Promise(resolve => child.once('close', resolve));
    expect(await text(child.stdout)).toBe('wait');
    expect(await code).toBe(7);
  });

  it('can read the launcher: it has no word that came after ECMAScript 5', () => {
    const code = readFileSync(launcher, 'utf8').replace(/\/\*.*?\*\//gs, '');
    expect(code.match(/=>|`|\b(?:const|let|class|async|await|import)\b|\?\.|\?\?|\.\.\./g)).toBeNull();
  });
});

it('package.json names what is there, for npx mkb and kubectl mkb', () => {
  for (const file of Object.values(packageJson.bin)) expect(existsSync(path.join(root, file))).toBe(true);
  for (const name of ['mkb', 'demo'] as const) expect(packageJson.scripts[name]).toMatch(/^node bin\/mkb/);
});
