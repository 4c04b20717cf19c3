import { describe, expect, it } from 'vitest';
import { jobs } from '../../../../dashboards/promql.ts';
import { prometheusOperatorObjects } from '../../../../operator/resources/monitoring/prometheus-operator.ts';
import { objectOf, pipelineOf } from '../../support/pipelines.ts';

const observed = { apis: { prometheusOperator: true, routes: [], strimzi: undefined } };
const objectsOf = (monitoring: object = {}, spec: object = {}) =>
  prometheusOperatorObjects(pipelineOf({ ...spec, monitoring: { prometheus: {}, ...monitoring } }, { observed }));
const ruleOf = (...args: Parameters<typeof objectsOf>) => objectOf(objectsOf(...args), 'PrometheusRule');
const alertsOf = (...args: Parameters<typeof objectsOf>): string[] =>
  ruleOf(...args).spec.groups.flatMap(({ rules }: { rules: { alert?: string }[] }) =>
    rules.flatMap(({ alert }) => alert ?? []),
  );

describe('what the Prometheus operator is told to scrape', () => {
  it('are the Pods of the bridge and of the exporter, by the jobs that dashboards ask for', () => {
    const monitors = objectsOf({ exporter: {} }).filter(({ kind }) => kind === 'PodMonitor');
    // biome-ignore lint/suspicious/noExplicitAny: fields of any kind
    const specs = monitors.map(({ spec }) => spec as any);
    const jobsOf = specs.map(({ jobLabel, selector }) => selector.matchLabels[jobLabel]);
    expect(jobsOf).toEqual([jobs.bridge, jobs.exporter]);
    for (const { podMetricsEndpoints } of specs) {
      expect(podMetricsEndpoints).toEqual([
        expect.objectContaining({
          port: 'http',
          relabelings: expect.arrayContaining([
            expect.objectContaining({ targetLabel: 'bridge', replacement: 'cars' }),
          ]),
        }),
      ]);
    }
  });

  it('has the labels that a Prometheus selects by, and those that the operator finds its own by', () => {
    const labels = { release: 'monitoring', 'app.kubernetes.io/instance': 'other' };
    for (const { metadata } of objectsOf({ exporter: {}, prometheus: { labels } })) {
      expect(metadata.labels).toMatchObject({ release: 'monitoring', 'app.kubernetes.io/instance': 'cars' });
    }
  });
});

describe('the alerts of a bridge', () => {
  it('are not about what only an exporter tells where there is none', () => {
    expect(alertsOf()).toContain('MkbBridgeDown');
    expect(alertsOf().filter(name => !name.startsWith('Mkb') || name === 'MkbExporterDown')).toEqual([]);
    expect(alertsOf({ exporter: {} })).toEqual(expect.arrayContaining(['MkbExporterDown', 'MqttBrokerDown']));
  });

  it('do not say that a bridge is down that has no replicas', () => {
    expect(alertsOf({}, { bridge: { replicas: 0 } })).not.toContain('MkbBridgeDown');
    expect(alertsOf({}, { bridge: { replicas: 0 } })).toContain('MkbMessagesLost');
  });

  it('are told apart without a namespace where there is no cluster', () => {
    const { document, ...pipeline } = pipelineOf({ monitoring: { prometheus: { mode: 'operator' } } });
    const objects = prometheusOperatorObjects({ ...pipeline, document: { ...document, metadata: { name: 'cars' } } });
    const text = JSON.stringify(objectOf(objects, 'PrometheusRule').spec);
    expect(text).toContain('bridge=\\"cars\\"');
    expect(text).not.toContain('namespace');
  });
});
