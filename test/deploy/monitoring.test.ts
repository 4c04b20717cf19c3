/** What lets people watch the operator: with kustomize and with Helm, and none of it unless it is asked for. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { operatorJob } from '../../dashboards/operator/promql.ts';
import { dashboard, metricsAccount, podMonitor, prometheusRule } from '../../deploy/manifests/monitoring.ts';
import { promtool } from '../dashboards/support/promtool.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { byTitle, installed, kustomized, objectsOf, templated } from './deployed.ts';

const all = { podMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } };
const titles = ['PodMonitor/mqtt-kafka-operator', 'PrometheusRule/mqtt-kafka-operator'];
const dashboardTitle = 'ConfigMap/mqtt-kafka-operator-dashboard';

const chartWith = (values: object): Record<string, KubernetesObject> => byTitle(objectsOf(templated(values)));

it('calls the scrape job what alerts and the dashboard ask for', () => {
  const { jobLabel, podMetricsEndpoints } = podMonitor.spec as { jobLabel: string; podMetricsEndpoints: object[] };
  const { spec } = byTitle(installed())['Deployment/mqtt-kafka-operator']!;
  expect(spec.template.metadata.labels[jobLabel]).toBe(operatorJob);
  expect(podMetricsEndpoints).toMatchObject([{ honorLabels: true }]);
});

it('is small enough for the annotation that kubectl apply makes of it', () => {
  for (const object of [prometheusRule, dashboard]) expect(JSON.stringify(object).length).toBeLessThan(256 * 1024);
});

describeReal(
  'kubernetes',
  'helm',
  'prometheus',
)('what lets people watch the operator', () => {
  const folder = temporaryFolder('monitoring');
  afterAll(() => removeFolder(folder));

  it('is there only when it is asked for', () => {
    const kinds = new Set([...installed(), ...objectsOf(templated())].map(({ kind }) => kind));
    expect([...kinds].filter(kind => /Monitor|Rule/.test(kind))).toEqual([]);
    expect(chartWith({})).not.toHaveProperty([dashboardTitle]);
  });

  it('is the same with the chart as with kustomize', () => {
    const ours = chartWith(all);
    expect(ours['PrometheusRule/mqtt-kafka-operator']!.spec).toEqual(prometheusRule.spec);
    expect(ours[dashboardTitle]!.metadata.labels.grafana_dashboard).toBe('1');
    const texts = (of: unknown) => Object.entries(of as object).map(([name, text]) => [name, JSON.parse(text)]);
    expect(texts(ours[dashboardTitle]!.data)).toEqual(texts(dashboard.data));
    const { selector, ...spec } = ours['PodMonitor/mqtt-kafka-operator']!.spec;
    const { selector: _, ...same } = podMonitor.spec as Record<string, unknown>;
    expect(spec).toEqual(same);
    for (const { kind, metadata, ...rest } of metricsAccount) {
      const { name } = metadata as { name: string };
      expect(ours[`${kind}/${name}`]).toMatchObject(rest);
    }
    expect(selector).toEqual({ matchLabels: ours['Deployment/mqtt-kafka-operator']!.spec.selector.matchLabels });
  });

  it('comes into an installation with the components that the guide names', () => {
    const [, components] = /^# components: \[(.*)\]$/m.exec(readFileSync('docs/install-kubernetes.md', 'utf8'))!;
    const place = (path: string) => relative(folder, path.replace(/^\.\.\//, ''));
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace: 'elsewhere',
      resources: [place('../deploy/kustomize/overlays/cluster')],
      components: components!.split(', ').map(place),
    };
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
    const objects = byTitle(objectsOf(kustomized(folder)));
    for (const title of [...titles, dashboardTitle, 'Secret/mqtt-kafka-operator-metrics'])
      expect(objects[title]!.metadata.namespace).toBe('elsewhere');
    const { subjects } = objects['ClusterRoleBinding/mqtt-kafka-operator-metrics'] as { subjects?: object[] };
    expect(subjects).toMatchObject([{ name: 'mqtt-kafka-operator-metrics', namespace: 'elsewhere' }]);
  });

  it('has alerts that Prometheus takes, whose links begin with the addresses that are given', async () => {
    const addresses = { grafana: 'https://grafana.example/', runbooks: 'https://docs.example/' };
    const { spec } = chartWith({ prometheusRule: { enabled: true, ...addresses } })[titles[1]!]!;
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, stringify(spec));
    expect(await promtool('check', 'rules', file)).toMatchObject({ ok: true });
    const { annotations } = spec.groups.flatMap(({ rules }: { rules: object[] }) => rules)[0];
    expect(annotations.dashboard_url).toMatch(/^https:\/\/grafana\.example\/d\/mkb-operator\?/);
    expect(annotations.runbook_url).toBe('https://docs.example/docs/runbooks/mkb-bridge-not-ready.md');
  });
});
