/**
 * Whoever may only write documents, and has `edit` in one namespace, against what the operator may do and they may not: they get none of it through a
 * document. A hostile tenant on a real API server, beside the operator with the rights of its installation.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { overridableKinds, trustedOnly } from '../../api/schema/overridable.ts';
import { peoplesRoles } from '../../deploy/manifests/roles.ts';
import { kinds } from '../../operator/kinds.ts';
import { definitionOf } from '../crds/others.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { bridge, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

const tenant = 'system:serviceaccount:writer:tenant';
const monitoring = { prometheus: {} };
const endpoint = { port: 'http', path: '/metrics' };

/** What each would do to others. */
const hostile: readonly [string, object][] = [
  [
    'PodMonitor',
    {
      podMetricsEndpoints: [{ ...endpoint, relabelings: [{ targetLabel: '__address__', replacement: 'vault:8200' }] }],
    },
  ],
  ['PodMonitor', { podMetricsEndpoints: [{ ...endpoint, honorLabels: true, proxyUrl: 'http://metadata.internal' }] }],
  ['PodMonitor', { podTargetLabels: ['namespace'] }],
  ['PodMonitor', { jobLabel: 'anything' }],
  ['PodMonitor', { attachMetadata: { node: true } }],
  ['PodMonitor', { scrapeClass: 'with-the-token-of-the-cluster' }],
  [
    'PrometheusRule',
    { groups: [{ name: 'a', rules: [{ alert: 'Page', expr: 'vector(1)', labels: { namespace: 'payments' } }] }] },
  ],
];

describeReal('kubernetes', 'kwok')('whoever may only write documents', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;

  beforeAll(async () => {
    kubernetes = await startCluster();
    await kubernetes.apply(
      definitionOf('podmonitors'),
      definitionOf('prometheusrules'),
      ...peoplesRoles(),
      ...['writer', 'kafka'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    );
    const served = 'podmonitors,prometheusrules,kafkausers';
    await until('all kinds to be served', () => kubernetes.kubectl(['get', served]).then(() => true));
    for (const role of ['edit', 'mqttkafkabridges-edit']) {
      const binding = ['create', 'rolebinding', role, `--clusterrole=${role}`, '--serviceaccount=writer:tenant'];
      await kubernetes.kubectl([...binding, '-n', 'writer']);
    }
    operator = await startOperator(kubernetes);
  });

  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
  });

  const write = (name: string, spec: Parameters<typeof bridge>[1]) =>
    kubernetes.kubectl(
      ['apply', '--server-side', `--as=${tenant}`, '-f', '-'],
      stringify(bridge(name, spec, { namespace: 'writer' })),
    );
  const conditionOf = async (name: string, type: string) =>
    (await kubernetes.get('mqttkafkabridge', name, 'writer'))?.status?.conditions?.find(
      (each: { type: string }) => each.type === type,
    ) as { status: string; message: string } | undefined;
  const reached = (name: string, type: string, status: string) =>
    until(`${type} of ${name} to be ${status}`, async () => {
      const found = await conditionOf(name, type);
      return found?.status === status ? found : undefined;
    });
  const named = async (what: string) => (await kubernetes.kubectl(['get', what, '-n', 'writer', '-o', 'name'])).trim();
  const patchOf = (kind: string, spec: object) => [{ kind, patch: { spec } }] as never;

  // What an override may set freely was a list that nobody had compared with what `edit` gives: a scrape configuration of the cluster was in it.
  it('may make every object themselves of which they may override anything', async () => {
    const plurals = new Map(Object.values(kinds).map(each => [each.kind, each]));
    const mayMake = async (kind: string): Promise<boolean> => {
      const { apiVersion, plural } = plurals.get(kind as never)!;
      const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: tenant, resourceAttributes: { namespace: 'writer', verb: 'create', group, resource: plural } },
      };
      const answer = await kubernetes.kubectl(
        ['create', '-f', '-', '-o', 'jsonpath={.status.allowed}'],
        stringify(review),
      );
      return answer === 'true';
    };
    const may = await Promise.all(overridableKinds.map(async kind => [kind, await mayMake(kind)] as const));
    expect(may.filter(([, allowed]) => !allowed).map(([kind]) => kind)).toEqual(Object.keys(trustedOnly));
  });

  it('configure no Prometheus of the cluster, nor notify others', async () => {
    for (const [index, [kind, spec]] of hostile.entries()) {
      await write(`hostile-${index}`, { monitoring, overrides: patchOf(kind, spec) } as never);
    }
    for (const [index, [kind, spec]] of hostile.entries()) {
      const { message } = await reached(`hostile-${index}`, 'Ready', 'False');
      const [field] = Object.keys(spec);
      expect(message).toContain(`spec.overrides[0].patch.spec.${field}: \`spec.${field}\` of a ${kind} reaches beyond`);
    }
    expect(await named('podmonitors,prometheusrules')).toBe('');
  });

  it('limit what is scraped of their own Pods, and label it', async () => {
    const patch = { metadata: { labels: { release: 'monitoring' } }, spec: { sampleLimit: 100 } };
    await write('modest', { monitoring, overrides: [{ kind: 'PodMonitor', patch }] } as never);
    await reached('modest', 'MonitoringReady', 'True');
    const monitor = await kubernetes.get('podmonitor', 'modest-bridge', 'writer');
    expect(monitor).toMatchObject({ metadata: { labels: { release: 'monitoring' } }, spec: { sampleLimit: 100 } });
    const [scraped] = monitor!.spec.podMetricsEndpoints;
    expect(scraped.honorLabels ?? false).toBe(false);
  });

  // The user operator of another namespace may watch this one, and obeys whatever KafkaUser it finds.
  it('get no KafkaUser without a Kafka beside it', async () => {
    const acls = [{ resource: { type: 'topic', name: '*' }, operations: ['All'] }];
    const createUser = { spec: { authorization: { type: 'simple', acls } } };
    await kubernetes.apply({
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'Kafka',
      metadata: { name: 'main', namespace: 'kafka' },
      spec: { kafka: { listeners: [{ name: 'plain', type: 'internal', tls: false }] } },
    });
    await write('admin', { kafka: { clusterRef: { name: 'main', user: 'admin', createUser } } } as never);
    const { message } = await reached('admin', 'KafkaReachable', 'False');
    expect(message).toContain('there is no Kafka resource of this name');
    expect(await named('kafkausers')).toBe('');
  });

  it('may all of it where the configuration of the operator trusts them', async () => {
    await operator.stop();
    operator = await startOperator(kubernetes, { trustedOverrides: ['PodMonitor'] });
    const scrape = await until('the PodMonitor', () => kubernetes.get('podmonitor', 'hostile-1-bridge', 'writer'));
    expect(scrape.spec.podMetricsEndpoints).toMatchObject([{ proxyUrl: 'http://metadata.internal' }]);
    const { message } = await reached('hostile-6', 'Ready', 'False');
    expect(message).toContain('`spec.groups` of a PrometheusRule reaches beyond');
  });
});
