/** What a real API server says of the objects, in a namespace whose Pods must keep to the Pod Security Standard `restricted`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { type RunningKubernetes, startKubernetes } from '../../../real/kubernetes.ts';
import { describeReal } from '../../../real/require.ts';
import { objectOf } from '../../support/pipelines.ts';
import { type AnyObject, pipelineWith } from './support.ts';

const everything = {
  users: [{ username: 'lorry', password: { valueFrom: { secretKeyRef: { name: 'lorries', key: 'seven' } } } }],
  tls: { secretName: 'cars-tls' },
  storage: '2GiB',
  service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
};

describeReal('kubernetes')('the API server takes', () => {
  let kubernetes: RunningKubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } });
  });
  afterAll(() => kubernetes?.stop());

  /** Throws what it says. A field that it does not know is an error. */
  const dryRun = (objects: readonly object[]) =>
    kubernetes.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );

  test.each([
    ['a Mosquitto', { kind: 'mosquitto' }],
    ['a Mosquitto whose document says everything', { kind: 'mosquitto', ...everything }],
    ['an EMQX', { kind: 'emqx' }],
    ['a cluster of EMQX whose document says everything', { kind: 'emqx', replicas: 3, ...everything }],
  ])('the objects and the Pods of %s', async (_, broker) => {
    const objects = brokerObjects(pipelineWith(broker), []) as AnyObject[];
    const answer = await dryRun(objects);
    expect(answer.trim().split('\n')).toHaveLength(objects.length);

    await kubernetes.apply(objectOf(objects, 'ServiceAccount'));
    expect(await dryRun([podOf(objectOf(objects, 'StatefulSet'))])).toContain('pod/a created');
  });

  test('no Pod that may do more', async () => {
    const pod = podOf(objectOf(brokerObjects(pipelineWith({ kind: 'mosquitto' }), []), 'StatefulSet'));
    pod.spec.containers[0].securityContext.allowPrivilegeEscalation = true;
    await expect(dryRun([pod])).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });
});

/** A Pod as the controller of StatefulSets makes it: a claim becomes a volume. */
function podOf({ spec, metadata: { namespace } }: AnyObject): AnyObject {
  const { metadata, spec: pod } = structuredClone(spec.template);
  const claims = (spec.volumeClaimTemplates ?? []).map((claim: AnyObject) => ({ name: claim.metadata.name }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'a', namespace },
    spec: { ...pod, volumes: [...pod.volumes, ...claims] },
  };
}
