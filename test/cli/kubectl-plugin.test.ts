import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { kubernetesProgram } from '../real/kubernetes-programs.ts';
import { describeReal } from '../real/require.ts';
import { type BridgesStage, startBridgesStage } from './bridges-stage.ts';
import type { Outcome } from './mkb-process.ts';

describeReal('etcd', 'kubernetes')('mkb as a plugin of kubectl', () => {
  let stage: BridgesStage;
  let bin: string;

  beforeAll(async () => {
    stage = await startBridgesStage();
    bin = join(stage.kubernetes.folder, 'bin');
    mkdirSync(bin);
    // As npm does it for what package.json names in `bin`.
    symlinkSync(resolve('bin/mkb'), join(bin, 'kubectl-mkb'));
  });
  afterAll(() => stage?.stop());

  /** The real kubectl, which finds kubectl-mkb on the PATH. */
  const kubectl = async (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> => {
    const PATH = [bin, dirname(process.execPath), process.env.PATH].join(':');
    const surroundings = { ...process.env, KUBECONFIG: stage.kubernetes.kubeconfig, ...env, PATH };
    const run = promisify(execFile)(kubernetesProgram('kubectl'), args, { env: surroundings });
    return run.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  };

  it('is found, gets its options, and gives its exit code', async () => {
    const listed = await kubectl(['plugin', 'list']);
    expect(listed.stdout).toContain(join(bin, 'kubectl-mkb'));
    const shop = await kubectl(['mkb', 'status', '--namespace', 'shop']);
    expect([shop.code, shop.stdout]).toEqual([0, expect.stringMatching(/\nshop +cars +True/)]);
    const market = await kubectl(['mkb', 'status', '-n', 'market']);
    expect([market.code, market.stdout]).toEqual([1, expect.stringContaining('market/trucks is not ready')]);
  });

  it('uses the context that is named, and its namespace', async () => {
    const config = parse(readFileSync(stage.kubernetes.kubeconfig, 'utf8'));
    const context = (name: string, namespace: string) => ({
      name,
      context: { ...config.contexts[0].context, namespace },
    });
    const file = join(stage.kubernetes.folder, 'two-contexts');
    const contexts = [context('of-shop', 'shop'), context('of-market', 'market')];
    writeFileSync(file, stringify({ ...config, contexts, 'current-context': 'of-shop' }));
    const env = { KUBECONFIG: file };
    expect((await kubectl(['mkb', 'status', 'cars'], env)).stdout).toMatch(/^shop\/cars\n/);
    expect((await kubectl(['mkb', 'status', 'trucks', '--context', 'of-market'], env)).stdout).toMatch(
      /^market\/trucks\n/,
    );
    const named = await kubectl(['mkb', 'status', '--kubeconfig', file], { KUBECONFIG: '/none' });
    expect(named.code).toBe(0);
  });

  it('does what the guide says', async () => {
    const guide = readFileSync('docs/install-kubernetes.md', 'utf8');
    const [one, all] = [...guide.matchAll(/^kubectl (mkb status .*)$/gm)].map(([, args]) => args!.split(' '));
    await stage.make('default', 'my-vehicles');
    expect((await kubectl(one!)).stdout).toMatch(/^default\/my-vehicles\n/);
    expect(all).toContain('--watch');
    expect((await kubectl(all!.filter(each => each !== '--watch'))).stdout).toMatch(/\ndefault +my-vehicles +False/);
  });

  it('calls itself by the name it was called by', async () => {
    const said = (usage: RegExp) => ({ code: 0, stdout: expect.stringMatching(usage), stderr: '' });
    expect(await kubectl(['mkb', '--help'])).toEqual(said(/^Usage: kubectl mkb \[/));
    expect(await kubectl(['mkb', 'status', '--help'])).toEqual(said(/^Usage: kubectl mkb status /));
  });
});

it('is installed with the package', () => {
  expect(packageJson.bin['kubectl-mkb']).toBe(packageJson.bin.mkb);
});
