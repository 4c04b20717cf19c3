/** `spec.monitoring`: what the operator runs to watch the pipeline. */
import type { Static } from 'typebox';
import { choice, duration, optional, section, size, text, textMap } from './fields.ts';
import { secret } from './security.ts';
import { service } from './service.ts';
import { volumeFields } from './volume.ts';
import { image, podTemplate, resources } from './workload.ts';

const exporter = section(
  "Exports metrics of the MQTT broker, of the bridge's Kafka topics, and of consumers that lag behind on them.",
  {
    image: image('the exporter'),
    resources: resources(),
    podTemplate: podTemplate(),
  },
);

/** What an alert says is a template that Prometheus fills in with all that it may read: no part of it is an author's. */
const address = {
  pattern: '^https?://[^\\s{}"\'`<>\\\\]+$',
  expected: 'an address such as https://grafana.example.com, without spaces, quotes and braces',
  maxLength: 1024,
};

const links = section(
  'Where the links of alerts lead. Who reads an alert in a mail or a chat needs whole addresses; without them, links are those within the Grafana that shows the alert.',
  {
    grafana: optional(text('The address of the Grafana that has the dashboards, the runbooks among them.', address)),
    runbooks: optional(
      text(
        'Where the runbooks are read instead: the address of a copy of this project, of which they are `docs/runbooks/`.',
        address,
      ),
    ),
  },
);

const prometheus = section('Collects the metrics, with alerts.', {
  mode: choice(
    ['auto', 'operator', 'managed'],
    '`operator` makes PodMonitors and a PrometheusRule for the Prometheus operator, `managed` runs a small Prometheus, `auto` does the first where the cluster has that API, and the second where not, or where Grafana would have none to ask.',
    { default: 'auto' },
  ),
  labels: textMap('Labels of the PodMonitors and the PrometheusRule, such as those your Prometheus selects by.', {
    default: {},
  }),
  links: optional(links),
  retention: duration('How long the managed Prometheus keeps data.', { min: '1h', max: '3650d', default: '15d' }),
  storage: optional(
    size(
      'Size of the volume of the managed Prometheus. It can grow, where the StorageClass allows that. Without it, its data does not survive the Pod.',
      {
        min: '1MiB',
        max: '64TiB',
      },
    ),
  ),
  ...volumeFields('Delete'),
  image: image('Prometheus'),
  resources: resources(),
  podTemplate: podTemplate(),
});

const grafana = section('Shows the dashboards. What people change in it goes with its Pod.', {
  existing: optional(
    section(
      'Run no Grafana: make a ConfigMap of the dashboards for one that is there and looks for its labels. Of several bridges one is enough.',
      {
        labels: textMap('The labels it looks for.', { default: { grafana_dashboard: '1' } }),
      },
    ),
  ),
  prometheusUrl: optional(
    text('The Prometheus to ask. Default: the managed one. Needed with the mode `operator`.', {
      pattern: '^https?://[^\\s]+$',
      expected: 'an address such as http://prometheus.monitoring:9090',
    }),
  ),
  adminPassword: optional(
    secret('The password of `admin`. Default: one that the operator makes up and keeps in a Secret.'),
  ),
  service,
  image: image('Grafana'),
  resources: resources(),
  podTemplate: podTemplate(),
});

export const monitoring = section(
  'What the operator runs to watch the pipeline; each is left out unless it is named.',
  { exporter: optional(exporter), prometheus: optional(prometheus), grafana: optional(grafana) },
);

export type MonitoringSection = Static<typeof monitoring>;
