import { type Loaded, loadText } from '../../../api/load.ts';
import type { Problem } from '../../../api/problems.ts';

interface Spec {
  mqtt?: unknown;
  kafka?: unknown;
  rules?: unknown;
  [section: string]: unknown;
}

/** The smallest document that is valid, with the sections given in place of its own. */
export const documentOf = (spec: Spec = {}): Record<string, unknown> => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'cars' },
  spec: {
    mqtt: { url: 'mqtt://localhost:1883' },
    kafka: { bootstrapServers: ['localhost:9092'] },
    rules: [ruleOf({ topic: 'cars' })],
    ...spec,
  },
});

/** A rule with one Kafka sink. */
export const ruleOf = (kafka: Record<string, unknown>, name = 'all') => ({
  name,
  sql: 'SELECT payload FROM "cars/#"',
  sinks: [{ kafka }],
});

export const load = (document: unknown): Loaded => loadText(JSON.stringify(document), 'test.json');

/** `path: message` of each problem. */
export const told = ({ problems }: { problems: readonly Problem[] }): string[] =>
  problems.map(({ path, message }) => `${path}: ${message}`);
