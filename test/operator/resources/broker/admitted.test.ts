import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { definitionOf } from '../../../crds/others.ts';
import { describeReal } from '../../../real/require.ts';
import { type Admission, startAdmission } from '../../support/admission.ts';
import { objectOf } from '../../support/pipelines.ts';
import { pipelineWith } from './support.ts';

const everything = {
  users: [{ username: 'lorry', password: { valueFrom: { secretKeyRef: { name: 'lorries', key: 'seven' } } } }],
  tls: { secretName: 'cars-tls' },
  gateway: {
    parentRefs: [
      { name: 'public', namespace: 'gateways', sectionName: 'mqtts' },
      { kind: 'ListenerSet', name: 'public', port: 8883 },
    ],
    hostnames: ['mqtt.example.com', '*.cars.example.com'],
  },
  storage: '2GiB',
  service: {
    type: 'LoadBalancer',
    annotations: { 'example.com/internal': 'true' },
    nodePort: 30881,
    loadBalancerClass: 'example.com/inner',
    loadBalancerSourceRanges: ['203.0.113.0/24', '2001:db8::/32'],
    externalTrafficPolicy: 'Local',
  },
};

describeReal('kubernetes')('the API server takes', () => {
  let admission: Admission;

  beforeAll(async () => {
    admission = await startAdmission(definitionOf('tlsroutes'), definitionOf('tcproutes'));
  });
  afterAll(() => admission?.stop());

  test.each([
    ['a Mosquitto', { kind: 'mosquitto' }],
    ['a Mosquitto whose document says everything', { kind: 'mosquitto', ...everything }],
    ['a Mosquitto behind a Gateway', { kind: 'mosquitto', gateway: { parentRefs: [{ name: 'public' }] } }],
    ['an EMQX', { kind: 'emqx' }],
    ['a cluster of EMQX whose document says everything', { kind: 'emqx', replicas: 3, ...everything }],
  ])('the objects and the Pods of %s', async (_, broker) => {
    const objects = brokerObjects(pipelineWith(broker), []);
    const answers = await admission.check(objects);
    expect(answers).toHaveLength(objects.length + 1);
    expect(answers).toContainEqual(expect.stringContaining('pod/cars-broker created'));
  });

  test('no Pod that may do more', async () => {
    const objects = structuredClone(brokerObjects(pipelineWith({ kind: 'mosquitto' }), []));
    const { containers } = objectOf(objects, 'StatefulSet').spec.template.spec;
    containers[0].securityContext.allowPrivilegeEscalation = true;
    await expect(admission.check(objects)).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });
});
