/**
 * What the Prometheus operator of a cluster is told: which Pods to scrape, and the alerts. Dashboards and alerts tell series apart by `job`
 * and `bridge`, so every series gets both here, `up` among them; and a Pod is called by its name, which lasts, not by its address.
 */
import { rulesOf } from '../../../dashboards/rule-file.ts';
import { kinds } from '../../kinds.ts';
import type { KubeObject } from '../../runtime/object.ts';
import { type Component, selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { bridgeName, exporterName, prometheusName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import { alertAddresses } from './alert-links.ts';
import { collectorsOf } from './collectors.ts';
import { restricted } from './restricted-rules.ts';
import { ruleGroupsOf } from './rules.ts';
import { scrapeInterval } from './scraping.ts';

export function prometheusOperatorObjects(pipeline: Pipeline): KubeObject[] {
  if (!collectorsOf(pipeline).monitors) return [];
  const { metadata, spec } = pipeline.document;
  return [
    podMonitor(pipeline, 'bridge', bridgeName(metadata.name)),
    ...(spec.monitoring!.exporter ? [podMonitor(pipeline, 'exporter', exporterName(metadata.name))] : []),
    prometheusRule(pipeline),
  ];
}

function podMonitor(pipeline: Pipeline, component: Component, name: string): KubeObject {
  const { name: bridge } = pipeline.document.metadata;
  const { apiVersion, kind } = kinds.podMonitor;
  return {
    apiVersion,
    kind,
    metadata: labelled(pipeline, component, name),
    spec: {
      // The value of this label of the Pods: `bridge`, `exporter`.
      jobLabel: 'app.kubernetes.io/component',
      selector: { matchLabels: selectorLabels(bridge, component) },
      podMetricsEndpoints: [
        {
          port: 'http',
          path: '/metrics',
          interval: scrapeInterval,
          // What a Pod says of itself never stands in the place of these labels, or of the namespace: whoever runs Pods here would write series of others.
          relabelings: [
            { action: 'replace', targetLabel: 'bridge', replacement: bridge },
            { action: 'replace', sourceLabels: ['__meta_kubernetes_pod_name'], targetLabel: 'instance' },
          ],
          // The bridge says its name itself, which Prometheus puts beside ours.
          metricRelabelings: [{ action: 'labeldrop', regex: 'exported_bridge' }],
        },
      ],
    },
  };
}

function prometheusRule(pipeline: Pipeline): KubeObject {
  const { name: bridge, namespace } = pipeline.document.metadata;
  const { apiVersion, kind } = kinds.prometheusRule;
  const own = { ...(namespace !== undefined && { namespace }), bridge };
  return {
    apiVersion,
    kind,
    metadata: labelled(pipeline, 'prometheus', prometheusName(bridge)),
    spec: rulesOf(restricted(ruleGroupsOf(pipeline), own), alertAddresses(pipeline)),
  };
}

/** With the labels that a Prometheus may select by. Ours last: the operator finds its own by them. */
function labelled(pipeline: Pipeline, component: Component, name: string): KubeObject['metadata'] {
  const metadata = metadataOf(pipeline, component, name);
  return { ...metadata, labels: { ...pipeline.document.spec.monitoring!.prometheus!.labels, ...metadata.labels } };
}
