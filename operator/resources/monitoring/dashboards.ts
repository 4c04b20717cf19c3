/**
 * The dashboards of a bridge, as ConfigMaps have them. They are the same for every bridge, which is chosen in them: so a Grafana that finds
 * them several times, with several bridges, finds the same files.
 *
 * Not among them are those of the demo's vehicles, which only the simulator has figures of, and of the operator, which come with its
 * installation.
 */
import kafka from '../../../dashboards/generated/kafka.json' with { type: 'json' };
import mqttBroker from '../../../dashboards/generated/mqtt-broker.json' with { type: 'json' };
import pipeline from '../../../dashboards/generated/pipeline.json' with { type: 'json' };
import runbooks from '../../../dashboards/generated/runbooks.json' with { type: 'json' };
import type { Pipeline } from '../pipeline.ts';

type Files = Readonly<Record<string, string>>;

/** The file of the one that everything begins with. */
export const homeDashboard = 'pipeline.json';

/** Without line breaks, all of them have 140 KB. A ConfigMap takes 1 MiB. */
const always: Files = { [homeDashboard]: JSON.stringify(pipeline), 'runbooks.json': JSON.stringify(runbooks) };
const withExporter: Files = { 'mqtt-broker.json': JSON.stringify(mqttBroker), 'kafka.json': JSON.stringify(kafka) };

/** By the names of their files. Those that only an exporter has figures for come with one. */
export const dashboardFiles = ({ document }: Pipeline): Files => ({
  ...always,
  ...(document.spec.monitoring?.exporter && withExporter),
});
