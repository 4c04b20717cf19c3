import { afterAll, beforeAll, expect, test } from 'vitest';
import { monitoringObjects } from '../../../../operator/resources/monitoring/monitoring.ts';
import { definitionOf } from '../../../crds/others.ts';
import { describeReal } from '../../../real/require.ts';
import { type Admission, startAdmission } from '../../support/admission.ts';
import { pipelineOf } from '../../support/pipelines.ts';

const ca = { valueFrom: { secretKeyRef: { name: 'ca', key: 'ca.crt' } } };
const everything = {
  exporter: { image: 'mine:1', resources: { limits: { memory: '1Gi' } } },
  prometheus: { labels: { release: 'monitoring' }, storage: '2GiB', retention: '1h30m' },
  grafana: {
    adminPassword: { value: 'hunter2' },
    service: {
      type: 'LoadBalancer',
      annotations: { 'example.com/internal': 'true' },
      nodePort: 30882,
      loadBalancerClass: 'example.com/inner',
      loadBalancerSourceRanges: ['203.0.113.0/24', '2001:db8::/32'],
      externalTrafficPolicy: 'Local',
    },
  },
};
const observed = { apis: { prometheusOperator: true, routes: [], strimzi: undefined } };

describeReal('kubernetes')('the API server takes', () => {
  let admission: Admission;

  beforeAll(async () => {
    admission = await startAdmission(definitionOf('podmonitors'), definitionOf('prometheusrules'));
  });
  afterAll(() => admission?.stop());

  test.each([
    ['the smallest monitoring', { exporter: {}, prometheus: {}, grafana: {} }, {}, 3],
    ['one whose document says everything', everything, { mqtt: { url: 'mqtts://a', tls: { ca } } }, 3],
    ['one beside a Grafana that is there', { prometheus: {}, grafana: { existing: {} } }, {}, 0],
  ])('the objects and the Pods of %s', async (_, monitoring, spec, pods) => {
    const objects = monitoringObjects(pipelineOf({ ...spec, monitoring }, { observed }), []);
    const answers = await admission.check(objects);
    expect(answers).toHaveLength(objects.length + pods);
    expect(answers.filter(answer => answer.startsWith('pod/'))).toHaveLength(pods);
  });
});
