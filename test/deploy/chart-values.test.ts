/** Values that users of other charts look for. */
import { expect, it } from 'vitest';
import { crdName } from '../../api/crd.ts';
import { userCrdName } from '../../api/user-crd.ts';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { objectsOf, templated, titleOf } from './deployed.ts';

const made = (values: object) => objectsOf(templated(values));
// biome-ignore lint/suspicious/noExplicitAny: any field of any kind
const one = (objects: readonly KubernetesObject[], kind: string): any => objects.find(each => each.kind === kind);
const digest = `sha256:${'a1'.repeat(32)}`;

describeReal('helm')('the chart', () => {
  it('pulls an image by its digest, for the operator, bridges and exporters', () => {
    const objects = made({ image: { repository: 'registry.example/mkb', tag: 'v1', digest } });
    const image = `registry.example/mkb:v1@${digest}`;
    expect(one(objects, 'Deployment').spec.template.spec.containers[0].image).toBe(image);
    expect(one(objects, 'ConfigMap').data['operator.yaml'].split(image)).toHaveLength(3);
    expect(() => made({ image: { digest: 'sha256:12' } })).toThrow('digest');
  });

  it('labels everything that it makes, and leaves its selectors alone', () => {
    const objects = made({
      commonLabels: { team: 'iot' },
      serviceMonitor: { enabled: true },
      webhook: { enabled: true },
    });
    const unlabelled = objects.filter(({ metadata }) => metadata.labels?.team !== 'iot').map(titleOf);
    // Which is not of one release alone.
    expect(unlabelled).toEqual([crdName, userCrdName].map(name => `CustomResourceDefinition/${name}`));
    const { spec } = one(objects, 'Deployment');
    expect(spec.template.metadata.labels.team).toBe('iot');
    expect(spec.selector.matchLabels).not.toHaveProperty('team');
    expect(() => made({ commonLabels: { 'app.kubernetes.io/name': 'mine' } })).toThrow("'not' failed");
  });

  it('gives the operator variables, volumes and security contexts', () => {
    const { spec } = one(
      made({
        extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
        extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
        extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
        podSecurityContext: { runAsUser: 1234 },
        securityContext: { readOnlyRootFilesystem: true },
      }),
      'Deployment',
    ).spec.template;
    expect(spec.containers[0]).toMatchObject({
      env: expect.arrayContaining([{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }]),
      securityContext: { readOnlyRootFilesystem: true },
    });
    expect(spec.containers[0].volumeMounts).toContainEqual({ name: 'ca', mountPath: '/ca' });
    expect(spec.volumes).toContainEqual({ name: 'ca', configMap: { name: 'ca' } });
    expect(spec.securityContext).toEqual({ runAsUser: 1234 });
  });

  it('makes a ServiceMonitor or a PodMonitor, and a PodDisruptionBudget unless it is said otherwise', () => {
    const kindsOf = (values: object) => made(values).map(({ kind }) => kind);
    expect(kindsOf({})).toContain('PodDisruptionBudget');
    expect(kindsOf({ podDisruptionBudget: { enabled: false } })).not.toContain('PodDisruptionBudget');
    expect(kindsOf({ serviceMonitor: { enabled: true } })).toContain('ServiceMonitor');
    const shown = (values: object) => made({ ...values, podMonitor: { enabled: true } }).map(titleOf);
    const account = ['ServiceAccount', 'Secret', 'ClusterRoleBinding'].map(
      kind => `${kind}/mqtt-kafka-operator-metrics`,
    );
    expect(shown({})).toEqual(expect.arrayContaining(account));
    const open = { configuration: { metrics: { authentication: false } } };
    expect(shown(open).filter(title => title.includes('-metrics'))).toEqual([]);
    expect(() => made({ serviceMonitor: { enabled: true }, podMonitor: { enabled: true } })).toThrow('twice');
  });
});
