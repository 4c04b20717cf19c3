import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { crdName } from '../../api/crd.ts';
import { editorRules, operatorRules, ownRules, type PolicyRule, reviewRules } from '../../deploy/manifests/roles.ts';
import { documentOf } from '../api/support/documents.ts';
import { definitionOf } from '../crds/others.ts';
import { makeCertificates } from '../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { chart, helm, installFile, kustomized, objectsOf, templated, titleOf } from './deployed.ts';

const system = 'mqtt-kafka-system';
const operator = 'mqtt-kafka-operator';
const bridge = (name: string) => ({ ...documentOf(), metadata: { name, namespace: 'default' } });

/** Values that between them reach every branch of every template. */
const values: [string, object][] = [
  ['no values', {}],
  [
    'a watched namespace',
    { configuration: { namespaces: ['shop', 'default'], replicas: 2, images: { grafana: 'g:1' } } },
  ],
  [
    'everything set',
    {
      image: {
        repository: 'registry.example:5000/mkb',
        tag: 'v1',
        pullPolicy: 'Always',
        pullSecrets: [{ name: 'pull' }],
      },
      replicas: 1,
      configuration: { imageUpdates: 'follow', leaderElection: { enabled: true }, concurrency: 8, resync: '1h' },
      logLevel: 'debug',
      serviceAccount: { name: 'someone', annotations: { a: 'b' } },
      podMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '1m' },
      prometheusRule: {
        enabled: true,
        labels: { release: 'prometheus' },
        grafana: 'https://grafana.example/',
        runbooks: 'https://docs.example/',
      },
      dashboard: { enabled: true },
      podLabels: { team: 'iot' },
      podAnnotations: { a: 'b' },
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
      ],
      fullnameOverride: 'mkb',
    },
  ],
  [
    'everything left out',
    {
      crd: { install: false },
      rbac: { create: false },
      serviceAccount: { create: false, name: 'default' },
      networkPolicy: { enabled: false },
      replicas: 0,
    },
  ],
  [
    'what other charts have',
    {
      image: { digest: `sha256:${'0'.repeat(64)}` },
      commonLabels: { team: 'iot' },
      podSecurityContext: { runAsNonRoot: true, runAsUser: 1234, fsGroup: 1234 },
      securityContext: { allowPrivilegeEscalation: false },
      extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/proxy/ca.crt' }],
      extraVolumes: [{ name: 'proxy', configMap: { name: 'proxy-ca' } }],
      extraVolumeMounts: [{ name: 'proxy', mountPath: '/etc/proxy', readOnly: true }],
      podDisruptionBudget: { enabled: false },
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      webhook: { enabled: true },
    },
  ],
  ['metrics for everybody', { podMonitor: { enabled: true }, configuration: { metrics: { authentication: false } } }],
  ['the webhook', { webhook: { enabled: true }, configuration: { namespaces: ['shop'] } }],
];

/** As their projects publish them, so that what is made of them is checked. */
const foreignDefinitions = (
  ['issuers', 'certificates', 'podmonitors', 'servicemonitors', 'prometheusrules'] as const
).map(definitionOf);

describeReal(
  'etcd',
  'kubernetes',
  'kwok',
  'helm',
)('an installation in a real cluster', () => {
  let kubernetes: RunningKubernetes;
  const folder = temporaryFolder('deploy');
  const strictly = (text: string) =>
    kubernetes.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '--server-side', '--force-conflicts', '-f', '-'],
      text,
    );

  beforeAll(async () => {
    kubernetes = await startKubernetes({ parts: 'pods' });
    await kubernetes.apply(...foreignDefinitions);
    for (const name of [system, 'mqtt-kafka', 'shop', 'released'])
      await kubernetes.kubectl(['create', 'namespace', name]);
    await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
  });
  afterAll(async () => {
    await kubernetes?.stop();
    removeFolder(folder);
  });

  it.each(['cluster', 'namespaced'])('passes the strict check of the API server: kustomize, %s', async overlay => {
    await strictly(kustomized(`deploy/kustomize/overlays/${overlay}`));
  });

  it.each(values)('passes the strict check of the API server: the chart with %s', async (_, set) => {
    await strictly(templated(set));
  });

  it.each(
    readdirSync('deploy/kustomize/components'),
  )('passes the strict check of the API server: kustomize, the component %s', async component => {
    const overlay = join(folder, component);
    mkdirSync(overlay);
    const ours = relative(overlay, 'deploy/kustomize');
    const kustomization = { resources: [`${ours}/overlays/cluster`], components: [`${ours}/components/${component}`] };
    writeFileSync(join(overlay, 'kustomization.yaml'), stringify(kustomization));
    await strictly(kustomized(overlay));
  });

  it('passes the strict check of the API server: the chart with the webhook and a certificate of one’s own', async () => {
    const { ca } = makeCertificates(folder);
    const own = { enabled: true, certManager: false, secretName: 'mine', caBundle: ca };
    await strictly(templated({ webhook: own }));
    expect(() => templated({ webhook: { ...own, caBundle: '' } })).toThrow(/webhook.caBundle is needed/);
    expect(() => templated({ webhook: { ...own, secretName: '' } })).toThrow(/webhook.secretName is needed/);
  });

  describe('with install.yaml', () => {
    beforeAll(async () => {
      await kubernetes.kubectl(['apply', '-f', installFile]);
    });

    it('runs two operators', async () => {
      await kubernetes.kubectl(['-n', system, 'rollout', 'status', `deployment/${operator}`, '--timeout=120s']);
      const { status } = (await kubernetes.get('deployment', operator, system))!;
      expect(status.readyReplicas).toBe(2);
    });

    it('differs in nothing from what is there once it is applied', async () => {
      expect(await kubernetes.kubectl(['diff', '-f', installFile])).toBe('');
    });

    it('lets the operator do what it says that it needs, and nothing else', async () => {
      const found = await rulesFor(system);
      expect(rights(found)).toEqual(rights([...everybodys, ...operatorRules, ...ownRules, ...reviewRules]));
      expect(rights(await rulesFor('default'))).toEqual(rights([...everybodys, ...operatorRules, ...reviewRules]));
    });

    it('lets whoever may edit a namespace edit bridges there', async () => {
      const { rules } = await until('the role edit to include bridges', async () => {
        const role = await kubernetes.get('clusterrole', 'edit');
        return JSON.stringify(role?.rules).includes('mqttkafkabridges')
          ? (role as unknown as { rules: PolicyRule[] })
          : undefined;
      });
      expect(rights(rules)).toEqual(expect.arrayContaining(rights(editorRules)));
    });

    it('leaves nothing of itself when it is deleted', async () => {
      await kubernetes.kubectl(['delete', '-f', installFile, '--wait=false']);
      await until('the definition to be gone', async () => (await kubernetes.get('crd', crdName)) === undefined);
      expect(await kubernetes.kubectl(['get', 'clusterroles,clusterrolebindings', '-o', 'name'])).not.toMatch(/mqtt/);
    });
  });

  /** What the service account of the operator may do in a namespace. */
  async function rulesFor(namespace: string): Promise<PolicyRule[]> {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
    const who = [
      `--as=system:serviceaccount:${system}:${operator}`,
      '--as-group=system:serviceaccounts',
      '--as-group=system:authenticated',
    ];
    const text = await kubernetes.kubectl(
      ['create', '--validate=false', '-f', '-', '-o', 'json', ...who],
      JSON.stringify(review),
    );
    return JSON.parse(text).status.resourceRules;
  }

  describe('with Helm', () => {
    const release = (verb: string, place: string, ...more: string[]) =>
      helm([
        verb,
        'mkb',
        place,
        '--namespace',
        'released',
        '--kubeconfig',
        kubernetes.kubeconfig,
        '--wait',
        '--timeout',
        '5m',
        ...more,
      ]);
    const earlierChart = () => {
      const place = join(folder, 'chart');
      cpSync(chart, place, { recursive: true });
      cpSync('test/crds/earlier/0.1.0.yaml', join(place, 'files/custom-resource-definition.yaml'));
      return place;
    };
    const podTemplateHash = async () => {
      const pods = await kubernetes.kubectl(['get', 'deployment', `mkb-${operator}`, '-n', 'released', '-o', 'json']);
      return JSON.parse(pods).spec.template.metadata.annotations;
    };

    it('is installed, upgraded together with its custom resource definition, and uninstalled without loss of bridges', async () => {
      release('install', earlierChart());
      await until('bridges to be served', () => kubernetes.apply(bridge('kept')).then(() => true));
      const before = await podTemplateHash();
      const wrong = { ...bridge('wrong'), spec: { ...(documentOf().spec as object), mqtt: { url: 'mqtt://a:0' } } };
      await kubernetes.apply(wrong);

      release('upgrade', chart, '--set', 'configuration.replicas=2');
      await until('the newer definition to be served', async () => {
        const refused = await kubernetes
          .apply({ ...wrong, metadata: { name: 'newer', namespace: 'default' } })
          .catch(String);
        return refused?.includes('the port must be one from 1 to 65535');
      });
      expect(await podTemplateHash()).not.toEqual(before);

      helm(['uninstall', 'mkb', '--namespace', 'released', '--kubeconfig', kubernetes.kubeconfig, '--wait']);
      expect(await kubernetes.get('mkb', 'kept')).toBeDefined();
      expect(await kubernetes.get('clusterrole', `mkb-${operator}`)).toBeUndefined();
      release('install', chart);
    });

    it('refuses values that it does not know, and says which', () => {
      expect(() => templated({ replica: 3 })).toThrow(/replica/);
      expect(() => templated({ configuration: { resync: '5' } })).toThrow(/resync/);
    });

    it('gives no rights beyond the namespaces that it is to work in', () => {
      const rolesOf = (configuration: object) =>
        objectsOf(
          templated({
            configuration: { namespaces: ['shop', 'market'], ...configuration },
            rbac: { aggregate: false },
          }),
        )
          .filter(({ kind }) => /Role/.test(kind))
          .map(({ metadata, ...object }) => `${metadata.namespace}: ${titleOf({ metadata, ...object })}`)
          .sort();
      const roles = rolesOf({ metrics: { authentication: false } });
      // To ask whose a token is has no namespace.
      expect(rolesOf({}).filter(role => !roles.includes(role))).toEqual([
        `undefined: ClusterRole/${operator}-metrics-auth`,
        `undefined: ClusterRole/${operator}-metrics-reader`,
        `undefined: ClusterRoleBinding/${operator}-metrics-auth`,
      ]);
      expect(roles).toEqual([
        `market: Role/${operator}`,
        `market: RoleBinding/${operator}`,
        `${system}: Role/${operator}-lease`,
        `${system}: RoleBinding/${operator}-lease`,
        `shop: Role/${operator}`,
        `shop: RoleBinding/${operator}`,
      ]);
    });
  });
});

/** What every service account may do: ask what it may do. */
const everybodys: PolicyRule[] = [
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    verbs: ['create'],
  },
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
];

/** One line for each verb of each resource. */
const rights = (rules: readonly PolicyRule[]): string[] => {
  const all = rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
    apiGroups.flatMap(group =>
      resources.flatMap(resource =>
        verbs.flatMap(verb => resourceNames.map(name => [verb, group, resource, name].join(' '))),
      ),
    ),
  );
  return [...new Set(all)].sort();
};
