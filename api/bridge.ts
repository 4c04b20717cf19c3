/**
 * The document: everything about one pipeline between MQTT and Kafka, and the one definition that its TypeScript type, validator,
 * JSON Schema, reference page and custom resource come from. Its sections are in schema/.
 */
import type { Static } from 'typebox';
import { bridge } from './schema/bridge.ts';
import { delivery } from './schema/delivery.ts';
import { choice, type Field, optional, passedOn, section, text, textMap } from './schema/fields.ts';
import { kafka } from './schema/kafka.ts';
import { monitoring } from './schema/monitoring.ts';
import { mqtt } from './schema/mqtt.ts';
import { objectMetadata, overrides } from './schema/objects.ts';
import { rules } from './schema/rules.ts';
import { schemas } from './schema/schemas.ts';
import { tables } from './schema/tables.ts';

export const apiVersion = 'mqttkafka.dev/v1alpha1';
export const kind = 'MqttKafkaBridge';

const metadata = section(
  'What Kubernetes knows every object by. Its other fields are allowed and left alone.',
  {
    name: text('The name of the bridge, and the default of its client ids.', {
      pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
      expected: 'a DNS label: up to 63 small letters, digits and dashes, no dash at the ends',
    }),
    namespace: optional(text('The Kubernetes namespace.')),
    labels: optional(textMap('Labels, for selecting.')),
    annotations: optional(textMap('Annotations, for tools.')),
  },
  { preserveUnknown: true },
);

const spec = section('What is moved, from where to where, and how.', {
  mqtt,
  kafka,
  schemas,
  tables,
  rules,
  delivery,
  bridge,
  monitoring: optional(monitoring),
  metadata: optional(objectMetadata),
  overrides,
});

export const mqttKafkaBridge = section('A pipeline between MQTT and Apache Kafka.', {
  apiVersion: choice([apiVersion], 'The version of this document format.'),
  kind: choice([kind], 'The kind of this document.'),
  metadata,
  spec,
  status: optional(
    passedOn("The operator's report. Not for writing; allowed so that what a cluster prints can be used as a file."),
  ),
});

/** A complete document: every field that has a default is there. */
export type MqttKafkaBridge = Static<typeof mqttKafkaBridge>;
export type BridgeSpec = MqttKafkaBridge['spec'];

/** The same definition for those who walk over it. */
export const documentField = mqttKafkaBridge as unknown as Field;
