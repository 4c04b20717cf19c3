/** What a real API server says of the objects, in a namespace whose Pods must keep to the Pod Security Standard `restricted`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kinds } from '../../../../operator/kinds.ts';
import { monitoringObjects } from '../../../../operator/resources/monitoring/monitoring.ts';
import { type RunningKubernetes, startKubernetes } from '../../../real/kubernetes.ts';
import { describeReal } from '../../../real/require.ts';
import { pipelineOf } from '../../support/pipelines.ts';
import { foreignResource } from '../../support/stage.ts';
import type { AnyObject } from '../broker/support.ts';

const ca = { valueFrom: { secretKeyRef: { name: 'ca', key: 'ca.crt' } } };
const everything = {
  exporter: { image: 'mine:1', resources: { limits: { memory: '1Gi' } } },
  prometheus: { labels: { release: 'monitoring' }, storage: '2GiB', retention: '1h30m' },
  grafana: {
    adminPassword: { value: 'hunter2' },
    service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
  },
};
const observed = { apis: { prometheusOperator: true, strimzi: undefined } };

describeReal('kubernetes')('the API server takes', () => {
  let kubernetes: RunningKubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await kubernetes.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } },
      ...[kinds.podMonitor, kinds.prometheusRule].map(({ apiVersion, kind, plural }) =>
        foreignResource(apiVersion, kind, plural),
      ),
    );
    await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  });
  afterAll(() => kubernetes?.stop());

  /** Throws what it says. A field that it does not know is an error. */
  const dryRun = (objects: readonly object[]) =>
    kubernetes.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );

  test.each([
    ['the smallest monitoring', { exporter: {}, prometheus: {}, grafana: {} }, {}],
    ['one whose document says everything', everything, { mqtt: { url: 'mqtts://a', tls: { ca } } }],
    ['one beside a Grafana that is there', { prometheus: {}, grafana: { existing: {} } }, {}],
  ])('the objects and the Pods of %s', async (_, monitoring, spec) => {
    const objects = monitoringObjects(pipelineOf({ ...spec, monitoring }, { observed }), []) as AnyObject[];
    const answer = await dryRun(objects);
    expect(answer.trim().split('\n')).toHaveLength(objects.length);

    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
    if (accounts.length > 0) await kubernetes.apply(...accounts);
    const pods = objects.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind)).map(podOf);
    expect(pods).toHaveLength(accounts.length);
    if (pods.length > 0) expect((await dryRun(pods)).match(/^pod\/.* created/gm)).toHaveLength(pods.length);
  });
});

/** A Pod as its controller makes it: a claim becomes a volume. */
function podOf({ spec, metadata: { name, namespace } }: AnyObject): AnyObject {
  const { metadata, spec: pod } = structuredClone(spec.template);
  const claims = (spec.volumeClaimTemplates ?? []).map((claim: AnyObject) => ({ name: claim.metadata.name }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, namespace },
    spec: { ...pod, volumes: [...pod.volumes, ...claims] },
  };
}
