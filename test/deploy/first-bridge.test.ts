/** The commands of docs/first-bridge.md, run as a reader would, with the files that it shows. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningOperator, startCluster, startOperator } from '../operator/support/stage.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { kubernetesProgram } from '../real/kubernetes-programs.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

const text = readFileSync('docs/first-bridge.md', 'utf8');
const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(match => match[1]!);
const files = [...text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(match => [match[1]!, match[2]!] as const);
/** In the list of changes. */
const inline = [...text.matchAll(/^- `(kubectl [^`]+)`/gm)].map(match => match[1]!);

describeReal(
  'etcd',
  'kubernetes',
  'kwok',
)('docs/first-bridge.md', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;
  const folder = temporaryFolder('first-bridge');
  // The operator is in this process, and must not be kept waiting.
  const run = async (command: string): Promise<string> => {
    const path = `${dirname(kubernetesProgram('kubectl'))}:${process.env.PATH}`;
    const env = {
      ...process.env,
      PATH: path,
      KUBECONFIG: kubernetes.kubeconfig,
      EDITOR: 'true',
      IMAGE: 'registry.example:5000/mkb:0.1.0',
    };
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { cwd: folder, env });
    return stdout;
  };

  beforeAll(async () => {
    for (const [name, content] of files) writeFileSync(join(folder, name), content);
    kubernetes = await startCluster();
    // The guide's own Pods were refused where this is enforced.
    await kubernetes.kubectl(['label', 'namespace', 'default', 'pod-security.kubernetes.io/enforce=restricted']);
    operator = await startOperator(kubernetes);
  });
  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
    removeFolder(folder);
  });

  it('makes a bridge that is ready, and shows it', async () => {
    expect(await run(blocks[0]!)).toMatch(/my-vehicles +True +2/);
    expect(await run(blocks[1]!)).toMatch(/Events:[\s\S]*my-vehicles-bridge/);
  });

  it('lets vehicles drive', async () => {
    expect(await run(blocks[2]!)).toContain('pod/vehicles condition met');
    const pod = await kubernetes.get('pod', 'vehicles');
    expect(pod!.spec.containers[0].image).toBe('registry.example:5000/mkb:0.1.0');
  });

  it('tells the password of Grafana', async () => {
    expect(await run(blocks[3]!)).toMatch(/^[\w-]{20,}$/);
    expect(blocks[4]).toBe('kubectl port-forward service/my-vehicles-grafana 3000\n');
    expect(blocks).toHaveLength(5);
  });

  it('changes, pauses and deletes it', async () => {
    expect(inline).toHaveLength(5);
    for (const command of inline) await run(command);
    await until('it to be gone', async () => (await kubernetes.get('mkb', 'my-vehicles')) === undefined);
  });
});

describe('docs/first-bridge.md', () => {
  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)[^)]*\)/g)].map(match => match[1]!);
    expect(links.filter(link => !existsSync(join('docs', link)))).toEqual([]);
  });
});
