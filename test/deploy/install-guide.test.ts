/** The commands of docs/install-kubernetes.md, run as a reader would: in this order, with the files that it shows. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crdName } from '../../api/crd.ts';
import { documentOf } from '../api/support/documents.ts';
import { definitionOf } from '../crds/others.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { helmProgram, kubernetesProgram } from '../real/kubernetes-programs.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

const minute = 60_000;
const text = readFileSync('docs/install-kubernetes.md', 'utf8');
const sections = new Map(
  text.split(/^## /m).map(section => {
    const [title] = section.split('\n', 1);
    return [title!, [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(match => match[1]!)] as const;
  }),
);
const files = [...text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(match => [match[1]!, match[2]!] as const);

describeReal(
  'etcd',
  'kubernetes',
  'kwok',
  'helm',
)('docs/install-kubernetes.md', () => {
  let kubernetes: RunningKubernetes;
  const folder = temporaryFolder('guide');
  /** Runs a block of a section, as bash does, in a folder that looks like a clone. */
  const run = (title: string, block = 0) =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', sections.get(title)![block]!], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: [dirname(kubernetesProgram('kubectl')), dirname(helmProgram()!), process.env.PATH].join(':'),
        KUBECONFIG: kubernetes.kubeconfig,
        IMAGE: 'registry.example/mkb:0.1.0',
        EDITOR: 'true',
      },
    });
  const bridge = { ...documentOf(), metadata: { name: 'my-vehicles', namespace: 'default' } };
  const imageOf = async (namespace: string) =>
    (await kubernetes.get('deployment', 'mqtt-kafka-operator', namespace))?.spec.template.spec.containers[0].image;
  const served = () => until('bridges to be served', () => kubernetes.apply(bridge).then(() => true));
  const gone = (what: string, name: string) =>
    until(`${name} to be gone`, async () => (await kubernetes.get(what, name)) === undefined, { timeoutMs: minute });

  beforeAll(async () => {
    kubernetes = await startKubernetes({ parts: 'pods' });
    for (const name of ['deploy', 'crds']) cpSync(name, join(folder, name), { recursive: true });
    for (const [name, content] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    for (const name of ['shop', 'market']) await kubernetes.kubectl(['create', 'namespace', name]);
  });
  afterAll(async () => {
    await kubernetes?.stop();
    removeFolder(folder);
  });

  it('installs with one command, is configured, lets a bridge follow, and is uninstalled', async () => {
    run('With one command');
    expect(await imageOf('mqtt-kafka-system')).toBe('registry.example/mkb:0.1.0');
    run('Configuration');
    await served();
    run('Upgrade');
    run('Uninstall');
    await gone('crd', crdName);
    await gone('namespace', 'mqtt-kafka-system');
  });

  it('installs with kustomize and files of your own', async () => {
    run('With kustomize');
    expect(await imageOf('mqtt-kafka-system')).toBe('registry.example/mkb:0.1.0');
    const maps = JSON.parse(await kubernetes.kubectl(['get', 'configmaps', '-n', 'mqtt-kafka-system', '-o', 'json']));
    const ours = maps.items.filter(({ data }: { data: object }) => Object.hasOwn(data, 'operator.yaml'));
    expect(ours.map(({ data }: { data: Record<string, string> }) => data['operator.yaml'])).toEqual([
      expect.stringContaining('replicas: 2'),
    ]);
    await kubernetes.kubectl(['delete', '-k', join(folder, 'my-operator')]);
  });

  it('installs with Helm, and is uninstalled', async () => {
    run('With Helm');
    expect(await imageOf('mqtt-kafka-system')).toBe('registry.example/mkb:0.1.0');
    await served();
    await kubernetes.apply(definitionOf('podmonitors'), definitionOf('prometheusrules'));
    await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
    run('Watch the operator');
    run('Watch the operator', 1);
    const prometheus = '--as=system:serviceaccount:monitoring:prometheus';
    expect((await kubernetes.kubectl(['auth', 'can-i', 'get', '/metrics', prometheus])).trim()).toBe('yes');
    for (const kind of ['podmonitor', 'prometheusrule'])
      expect(await kubernetes.get(kind, 'mqtt-kafka-operator', 'mqtt-kafka-system')).toBeDefined();
    run('Uninstall', 1);
    await gone('crd', crdName);
  });

  it('installs in one namespace, and in several', async () => {
    run('In some namespaces only', 0);
    expect(await imageOf('mqtt-kafka')).toBe('mkb:0.1.0');
    run('In some namespaces only', 2);
    const who = '--as=system:serviceaccount:mqtt-kafka:mqtt-kafka-operator';
    for (const review of ['tokenreviews.authentication.k8s.io', 'subjectaccessreviews.authorization.k8s.io'])
      expect((await kubernetes.kubectl(['auth', 'can-i', 'create', review, who])).trim()).toBe('yes');
    await kubernetes.kubectl(['delete', 'clusterrole/mqtt-kafka-operator-metrics-reader']);
    await kubernetes.kubectl(['delete', 'clusterrolebinding/mqtt-kafka-operator-metrics-auth']);
    await kubernetes.kubectl(['delete', '-k', 'crds']);
    run('In some namespaces only', 1);
    expect(await kubernetes.get('role', 'mqtt-kafka-operator', 'market')).toBeDefined();
  });
});

it('links to files that exist', () => {
  const links = [...text.matchAll(/\]\(([^)#:]+)[^)]*\)/g)].map(match => match[1]!);
  expect(links.length).toBeGreaterThan(3);
  expect(links.filter(link => !existsSync(join('docs', link)))).toEqual([]);
});

it('names the values that the chart has', () => {
  const names = [...text.matchAll(/^\| `([^|]+)` \|/gm)].flatMap(match => match[1]!.split('`, `'));
  const { properties } = JSON.parse(readFileSync('deploy/helm/mqtt-kafka-operator/values.schema.json', 'utf8'));
  expect(names).toContain('image.repository');
  for (const name of names) {
    const [section, field] = name.split('.');
    expect(field === undefined ? properties : properties[section!].properties).toHaveProperty(field ?? section!);
  }
});
