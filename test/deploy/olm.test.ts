/** The bundle of deploy/olm: what the validator of the Operator Lifecycle Manager says of it, and an API server of what would be made of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { crdName } from '../../api/crd.ts';
import type { PolicyRule } from '../../deploy/manifests/roles.ts';
import { load } from '../api/support/documents.ts';
import { startOperatorCommand } from '../cli/started-operator.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type KubernetesObject, type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { verifyProgram } from '../real/systems.ts';
import { until } from '../real/until.ts';
import { installed, objectsOf } from './deployed.ts';

const bundle = 'deploy/olm';
const operator = 'mqtt-kafka-operator';
const system = 'mqtt-kafka-system';
const rbac = 'rbac.authorization.k8s.io/v1';

const objectsIn = (folder: string): KubernetesObject[] =>
  readdirSync(folder).flatMap(file => objectsOf(readFileSync(join(folder, file), 'utf8')));

const objects = objectsIn(join(bundle, 'manifests'));
const version = objects.find(({ kind }) => kind === 'ClusterServiceVersion')!;
const { permissions, clusterPermissions, deployments } = version.spec.install.spec;
const example = JSON.parse(version.metadata.annotations['alm-examples'])[0];

const folder = temporaryFolder('olm');
afterAll(() => removeFolder(folder));

describe('the bundle', () => {
  it('has the Deployment of install.yaml, told by OLM where to work', () => {
    const { spec } = installed().find(({ kind }) => kind === 'Deployment')!;
    const container = spec.template.spec.containers[0];
    container.args.push('--namespace', '$(WATCH_NAMESPACE)');
    const fieldPath = "metadata.annotations['olm.targetNamespaces']";
    container.env = [{ name: 'WATCH_NAMESPACE', valueFrom: { fieldRef: { fieldPath } } }];
    expect(deployments.map((each: { spec: object }) => each.spec)).toEqual([spec]);
  });

  it('asks for the rights of install.yaml', () => {
    const asked = (...names: string[]) => [
      {
        serviceAccountName: operator,
        rules: installed()
          .filter(({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && names.includes(metadata.name))
          .flatMap(({ rules }) => rules as PolicyRule[]),
      },
    ];
    expect(permissions).toEqual(asked(operator, `${operator}-lease`));
    expect(clusterPermissions).toEqual(asked(`${operator}-metrics-auth`));
  });

  it('has an example that the bridge takes', () => {
    expect(load(example).problems).toEqual([]);
  });

  it('takes your image where the guide puts it', () => {
    const guide = readFileSync('docs/install-kubernetes.md', 'utf8');
    const section = guide.slice(guide.indexOf('\n## With OLM'));
    const [copy, image] = /```sh\n([\s\S]*?)```/.exec(section)![1]!.split('\n');
    cpSync(bundle, join(folder, bundle), { recursive: true });
    const env = { ...process.env, IMAGE: 'registry.example/mkb:0.1.0' };
    execFileSync('bash', ['-euc', `${copy}\n${image}`], { cwd: folder, env });
    const text = stringify(objectsIn(join(folder, 'my-bundle/manifests')));
    expect(text.match(/registry\.example\/mkb:0\.1\.0/g)).toHaveLength(4);
    expect(text).not.toMatch(/(?<!registry\.example\/)mkb:0\.1\.0/);
  });
});

describeReal('operator-verify')('the validator of OLM', () => {
  /** It tells on stderr, and ends with 0 whatever it finds. */
  const errors = (place: string): string[] => {
    const args = ['manifests', '--operatorhub_validate', '--object_validate', resolve(place)];
    const { stderr, status } = spawnSync(verifyProgram(), args, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('level=')]);
    return stderr.split('\n').filter(line => line.includes('level=error'));
  };

  it('finds nothing wrong, and would', () => {
    expect(errors(bundle)).toEqual([]);
    const spoiled = join(folder, 'spoiled');
    cpSync(bundle, spoiled, { recursive: true, filter: source => !source.endsWith(`${crdName}.yaml`) });
    expect(errors(spoiled)).toEqual([expect.stringContaining('not found in bundle')]);
  });
});

describeReal('etcd', 'kubernetes')('an API server', () => {
  let kubernetes: RunningKubernetes;
  const strictly = (...checked: object[]) =>
    kubernetes.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '--server-side', '--namespace', system, '-f', '-'],
      checked.map(object => stringify(object)).join('---\n'),
    );

  beforeAll(async () => {
    kubernetes = await startKubernetes({ apply: [`crds/${crdName}.yaml`] });
    for (const namespace of [system, 'shop', 'market']) await kubernetes.kubectl(['create', 'namespace', namespace]);
    const configuration = objects.find(({ kind }) => kind === 'ConfigMap')!.data as Record<string, string>;
    for (const [name, text] of Object.entries(configuration)) writeFileSync(join(folder, name), text);
  });
  afterAll(() => kubernetes?.stop());

  it('takes what OLM makes of the bundle, field by field', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: operator } };
    const made = deployments.map(({ name, label, spec }: { name: string; label: object; spec: object }) => {
      const annotated = structuredClone(spec) as KubernetesObject['spec'];
      annotated.template.metadata.annotations['olm.targetNamespaces'] = 'shop,market';
      return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: label }, spec: annotated };
    });
    const roles = ['Role', 'ClusterRole'].map(kind => ({
      apiVersion: rbac,
      kind,
      metadata: { name: operator },
      rules: permissions[0].rules,
    }));
    const others = objects.filter(({ kind }) => kind !== 'ClusterServiceVersion');
    const answer = await strictly(account, ...made, ...roles, ...others);
    expect(answer.trim().split('\n')).toHaveLength(10);
  });

  it('takes the example', async () => {
    await expect(strictly(example)).resolves.toContain('my-vehicles');
  });

  it.each([
    ['its own namespace', [system]],
    ['another', ['shop']],
    ['several', ['shop', 'market']],
    ['all', []],
  ])('lets it do its work under the roles that OLM makes of the bundle, in %s', async (title, targets) => {
    const account = `for-${title.replaceAll(' ', '-')}`;
    const { args } = deployments[0].spec.template.spec.containers[0] as { args: string[] };
    const given = args.map(arg => arg.replace('$(WATCH_NAMESPACE)', targets.join()).replace('/etc/mkb', folder));
    const kubeconfig = await grant(account, targets);
    const operator = await startOperatorCommand(...given.slice(1), '--kubeconfig', kubeconfig);
    try {
      await operator.ready();
      for (const namespace of targets.length > 0 ? targets : ['default']) {
        await kubernetes.apply({ ...example, metadata: { name: account, namespace } });
        await until('the bridge', () => kubernetes.get('statefulset', `${account}-bridge`, namespace));
      }
      expect(await operator.stop()).toBe(0);
    } finally {
      operator.kill();
    }
    expect(operator.stderr()).not.toContain('kube-forbidden');
  });

  /** As OLM does: roles in the operator's own namespace and in its targets; cluster roles when these are all. Its kubeconfig. */
  async function grant(account: string, targets: readonly string[]): Promise<string> {
    const { rules } = permissions[0];
    const roles = (prefix: string, namespace?: string) => [
      { apiVersion: rbac, kind: `${prefix}Role`, metadata: { name: account, namespace }, rules },
      {
        apiVersion: rbac,
        kind: `${prefix}RoleBinding`,
        metadata: { name: account, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: `${prefix}Role`, name: account },
        subjects: [{ kind: 'ServiceAccount', name: account, namespace: system }],
      },
    ];
    const own = [...new Set([system, ...targets])].flatMap(namespace => roles('', namespace));
    await kubernetes.apply(...own, ...(targets.length > 0 ? [] : roles('Cluster')));
    const kubeconfig = await kubernetes.kubeconfigFor(account, system);
    const context = ['config', 'set-context', '--current', `--namespace=${system}`];
    await kubernetes.kubectl([...context, `--kubeconfig=${kubeconfig}`]);
    return kubeconfig;
  }
});
