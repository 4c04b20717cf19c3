/** The program in operator/runtime/README.md, as it stands there: it compiles, and it does what the page says. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningKubernetes, startKubernetes } from '../../real/kubernetes.ts';
import { describeReal } from '../../real/require.ts';
import { ServerProcess } from '../../real/server-process.ts';
import { until } from '../../real/until.ts';

const text = readFileSync('operator/runtime/README.md', 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'runtime-'));
const file = join(folder, 'contacts.ts');

beforeAll(() => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(text)!;
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(file, program!.replaceAll("from './", `from '${resolve('operator/runtime')}/`));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: resolve('tsconfig.json'), include: [file], compilerOptions: { rootDir: '/' } }),
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the page', () => {
  it('names every part of the runtime that has a behaviour of its own', () => {
    const parts = readdirSync('operator/runtime').filter(name => name.endsWith('.ts'));
    const named = [...text.matchAll(/([a-z-]+\.ts)\b/g)].map(([name]) => name);
    const within = [
      'answers.ts',
      'calls.ts',
      'canonical.ts',
      'quantity.ts',
      'learned.ts',
      'time-limit.ts',
      'clock.ts',
      'log.ts',
    ];
    expect(parts.filter(name => !named.includes(name)).sort()).toEqual(within.sort());
  });

  it('shows a program that compiles', () => {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder], { stdio: 'pipe' });
  });
});

describeReal('kubernetes')('the program of the page', () => {
  let kubernetes: RunningKubernetes;
  let program: ServerProcess;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    program = new ServerProcess({
      name: 'contacts',
      command: process.execPath,
      args: [file],
      env: { KUBECONFIG: kubernetes.kubeconfig },
      logFile: join(folder, 'contacts.log'),
    });
    await program.launch();
  });

  afterAll(async () => {
    await program?.kill();
    await kubernetes?.stop();
  });

  const kubectl = (...args: string[]) => kubernetes.kubectl(args);
  const contact = async () => (await kubernetes.get('configmap', 'contact', 'shop'))?.data.contact;

  it('makes a ConfigMap for a labelled namespace, corrects it, makes it again, and takes it away with the label', async () => {
    await kubectl('create', 'namespace', 'shop');
    await kubectl('label', 'namespace', 'shop', 'example.com/contact=ann');
    await until('the ConfigMap', async () => (await contact()) === 'ann');
    await kubectl('patch', 'configmap', 'contact', '-n', 'shop', '--type=merge', '-p', '{"data":{"contact":"x"}}');
    await until('the correction', async () => (await contact()) === 'ann');
    await kubectl('delete', 'configmap', 'contact', '-n', 'shop');
    await until('another', async () => (await contact()) === 'ann');
    await kubectl('label', 'namespace', 'shop', 'example.com/contact=bob', '--overwrite');
    await until('the change', async () => (await contact()) === 'bob');
    await kubectl('label', 'namespace', 'shop', 'example.com/contact-');
    await until('no ConfigMap', async () => (await kubernetes.get('configmap', 'contact', 'shop')) === undefined);
    expect(program.log(100)).not.toMatch(/"level":[56]0/);
  });

  it('gives its Lease back when it is asked to end', async () => {
    await program.stop();
    expect(program.ending).toBe(0);
    const { spec } = (await kubernetes.get('lease', 'contacts'))!;
    expect(spec.holderIdentity ?? '').toBe('');
  });
});
