import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningEngine, startEngine } from '../compose/engine.ts';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import { type RunningKubernetes, startKubernetes } from './kubernetes.ts';
import { importFromEngine, importImage, makeNodeRoot } from './node/images.ts';
import { type RunningNode, startNode } from './node.ts';
import { describeReal } from './require.ts';
import { until } from './until.ts';

const minute = 60_000;
const image = 'mkb-made-here:1';

describeReal(
  'openssl',
  'etcd',
  'kubernetes',
  'node',
  'engine',
)('images of a Docker engine', () => {
  const folder = temporaryFolder('image');
  const archive = join(folder, 'image.tar');
  let engine: RunningEngine;
  let kubernetes: RunningKubernetes;
  let node: RunningNode;
  beforeAll(async () => {
    engine = await startEngine();
    kubernetes = await startKubernetes({ parts: 'controllers' });
    node = await startNode(kubernetes);
    makeNodeRoot(join(folder, 'root'));
    execFileSync('tar', ['--create', '--file', archive, '--directory', join(folder, 'root'), '.']);
    await engine.docker(['import', '--change', 'ENTRYPOINT ["/usr/local/bin/node"]', archive, image]);
  }, 4 * minute);
  afterAll(async () => {
    await node?.stop();
    await kubernetes?.stop();
    await engine?.docker(['image', 'rm', '--force', image]);
    await engine?.stop();
    removeFolder(folder);
  }, minute);

  /** @returns what a Pod of an image that is here has written */
  const output = async (name: string, of: string): Promise<string> => {
    const container = { name, image: of, imagePullPolicy: 'Never', args: ['-p', 'process.version'] };
    const spec = { restartPolicy: 'Never', containers: [container] };
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
    await until('the Pod to end', async () => (await kubernetes.get('pod', name))!.status.phase === 'Succeeded');
    return (await kubernetes.kubectl(['logs', name])).trim();
  };

  it('run on the node under the name that the engine has for them', async () => {
    await importFromEngine(engine, node, image);
    expect(await output('direct', image)).toBe(process.version);
  });

  it('run from an archive, under a further name', async () => {
    await engine.docker(['save', '--output', archive, image]);
    await importImage(node, archive, ['registry.invalid/team/other:2']);
    expect(await output('renamed', 'registry.invalid/team/other:2')).toBe(process.version);
  });
});
