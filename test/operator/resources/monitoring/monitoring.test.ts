/** Whole sets of objects, as people would write them; what each part promises has tests of its own. */
import { describe, expect, it, test } from 'vitest';
import { monitoringObjects } from '../../../../operator/resources/monitoring/monitoring.ts';
import type { Observed } from '../../../../operator/resources/pipeline.ts';
import type { KubeObject } from '../../../../operator/runtime/object.ts';
import { manifestsOf, pipelineOf } from '../../support/pipelines.ts';

const withPrometheusOperator = {
  apis: { prometheusOperator: true, routes: [], strimzi: undefined },
} satisfies Partial<Observed>;
const objectsOf = (monitoring: object, observed: Partial<Observed> = {}, spec: object = {}) =>
  monitoringObjects(pipelineOf({ ...spec, monitoring }, { observed }), []);
const titlesOf = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

interface Group {
  readonly rules: readonly object[];
}

/** Without what can be read elsewhere, in dashboards/generated: the dashboards, and all rules but the first of each group. */
function shortened(object: KubeObject): KubeObject {
  if (object.kind === 'PrometheusRule') {
    const { groups } = object.spec as { groups: readonly Group[] };
    return { ...object, spec: { groups: groups.map(group => ({ ...group, rules: group.rules.slice(0, 1) })) } };
  }
  if (object.kind !== 'ConfigMap') return object;
  const files = Object.entries(object.data as Record<string, string>).map(([file, text]) => [
    file,
    file === 'rules.yaml' || file.endsWith('.json') ? `dashboards/generated/${file}` : text,
  ]);
  return { ...object, data: Object.fromEntries(files) };
}

const snapshotOf = (objects: readonly KubeObject[]): string => manifestsOf(objects.map(shortened));

describe('the objects of monitoring', () => {
  it('are none where nobody asks for it', () => {
    expect(objectsOf({})).toEqual([]);
  });

  it('are these where all of it is run for the bridge', async () => {
    const broker = { mqtt: { broker: { kind: 'emqx' } } };
    const objects = objectsOf({ exporter: {}, prometheus: { storage: '10GiB' }, grafana: {} }, {}, broker);
    await expect(snapshotOf(objects)).toMatchFileSnapshot('snapshots/managed.yaml');
  });

  it('are these where the cluster has a Prometheus operator and a Grafana', async () => {
    const monitoring = {
      exporter: {},
      prometheus: { labels: { release: 'monitoring' } },
      grafana: { existing: {} },
    };
    await expect(snapshotOf(objectsOf(monitoring, withPrometheusOperator))).toMatchFileSnapshot(
      'snapshots/existing.yaml',
    );
  });
});

describe('who collects the metrics', () => {
  const managed = 'StatefulSet cars-prometheus';
  const rule = 'PrometheusRule cars-prometheus';
  const own = { grafana: {} };
  const elsewhere = { grafana: { prometheusUrl: 'http://p:9090' } };
  const existing = { grafana: { existing: {} } };
  test.each([
    ['auto', false, {}, [managed]],
    ['auto', true, {}, [rule]],
    ['auto', true, elsewhere, [rule]],
    ['auto', true, existing, [rule]],
    ['auto', false, own, [managed]],
    ['managed', true, own, [managed]],
    ['operator', false, elsewhere, [rule]],
  ])('with the mode %s, a Prometheus operator: %s, and %j', (mode, prometheusOperator, grafana, expected) => {
    const observed = { apis: { prometheusOperator, routes: [], strimzi: undefined } };
    const titles = titlesOf(objectsOf({ prometheus: { mode }, ...grafana }, observed));
    expect(titles.filter(title => [managed, rule].includes(title))).toEqual(expected);
  });

  it('is both where a Grafana of ours could not know which Prometheus of the cluster to ask', () => {
    const titles = titlesOf(objectsOf({ prometheus: {}, grafana: {} }, withPrometheusOperator));
    expect(titles).toEqual(expect.arrayContaining([rule, managed]));
  });

  it('is nobody where no Prometheus is named', () => {
    const titles = titlesOf(objectsOf({ exporter: {}, ...elsewhere }, withPrometheusOperator));
    expect(titles.filter(title => /prometheus|Monitor/i.test(title))).toEqual([]);
  });
});
