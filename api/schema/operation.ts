/** `spec.bridge` and `spec.monitoring`: how the operator runs it. */
import type { Static } from 'typebox';
import { optional, passedOn, section, text, whole } from './fields.ts';

const image = (what: string) =>
  optional(text(`The container image of ${what}. Default: the one that belongs to the operator's version.`));

const resources = () => optional(passedOn('CPU and memory as Kubernetes takes them: `requests` and `limits`.'));

export const bridge = section(
  'How the operator runs the bridge.',
  {
    replicas: whole('How many bridges share the work; 0 stops them. `mkb run` is always one.', {
      minimum: 0,
      maximum: 999,
      default: 1,
    }),
    image: image('the bridge'),
    resources: resources(),
    podTemplate: optional(
      passedOn('Anything else of a Pod (`metadata` and `spec`), merged over what the operator makes.'),
    ),
  },
  { default: {} },
);

const component = (description: string, what: string) =>
  optional(section(description, { image: image(what), resources: resources() }));

export const monitoring = section(
  'What the operator runs to watch the pipeline; each is left out unless it is named.',
  {
    exporter: component('Exports metrics of the MQTT broker and the lag of Kafka consumers.', 'the exporter'),
    prometheus: component('Collects the metrics, with alerts.', 'Prometheus'),
    grafana: component('Shows the dashboards.', 'Grafana'),
  },
);

export type BridgeSection = Static<typeof bridge>;
export type MonitoringSection = Static<typeof monitoring>;
