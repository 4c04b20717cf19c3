/**
 * The document as a Kubernetes custom resource: the same schema, in the form that the API server takes (structural, OpenAPI v3), with
 * what a schema cannot say as CEL rules. So `kubectl apply` refuses what `mkb validate` refuses, but for a rule's SQL, which the
 * operator reads.
 *
 * Two differences: `bridge.replicas` has no default here, as the operator fills it in; and lists are bounded, because the API server
 * reckons what a CEL rule inside of a list may cost at worst, and refuses rules without an end.
 */
import { apiVersion, documentField, kind } from './bridge.ts';
import { celRules } from './crd-rules.ts';
import { durationPattern } from './durations.ts';
import { type Field, fieldsToWrite, type Quantity } from './schema/fields.ts';
import { status } from './schema/status.ts';
import { bytesPattern } from './units.ts';

const plural = 'mqttkafkabridges';
const [group, version] = apiVersion.split('/') as [string, string];

/** Its name, and that of its file in crds/. */
export const crdName = `${plural}.${group}`;

export type Schema = Readonly<Record<string, unknown>>;

/** The CustomResourceDefinition [apiextensions.k8s.io/v1]. */
export const customResourceDefinition = () => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: crdName, labels: { 'app.kubernetes.io/name': 'mqtt-kafka-kit' } },
  spec: {
    group,
    scope: 'Namespaced',
    names: {
      kind,
      listKind: `${kind}List`,
      plural,
      singular: kind.toLowerCase(),
      shortNames: ['mkb'],
      categories: ['all'],
    },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        additionalPrinterColumns: columns,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.bridge.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        schema: { openAPIV3Schema: rootSchema() },
      },
    ],
  },
});

export const column = (name: string, jsonPath: string, description: string, extra = {}) => ({
  name,
  type: 'string',
  jsonPath,
  description,
  ...extra,
});

export const ofReady = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

const columns = [
  column('Ready', ofReady('status'), 'Whether every replica moves messages.'),
  column('Replicas', '.status.readyReplicas', 'Bridges that are connected to both sides.', { type: 'integer' }),
  column('Rules', '.status.rules', 'Rules that run.', { type: 'integer' }),
  column('Delivered', '.status.flow.delivered', 'Messages delivered to every sink.'),
  column('Reason', ofReady('reason'), 'Why it is ready or not.'),
  column('Age', '.metadata.creationTimestamp', 'How long it has been there.', { type: 'date' }),
  column('MQTT', '.status.endpoints.mqtt', 'The MQTT broker, or where clients connect to the bridge.', { priority: 1 }),
  column('Applied', '.status.appliedGeneration', 'The generation that runs.', { type: 'integer', priority: 1 }),
  column('Message', ofReady('message'), 'Why it is ready or not, for people.', { priority: 1 }),
];

function rootSchema(): Schema {
  const { properties, description } = documentField;
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: properties!.apiVersion!.description },
      kind: { type: 'string', description: properties!.kind!.description },
      metadata: { type: 'object' },
      spec: schemaOf(properties!.spec!, 'spec', 0),
      status: schemaOf(status as unknown as Field, 'status', 0),
    },
    'x-kubernetes-validations': celRules[''],
  };
}

const kept = [
  'type',
  'description',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

/**
 * @param depth how many lists are around it
 * @param atomic whether one of them is compared as a whole when it is applied. The server would write defaults into its items, and another
 *   manager that applies the same document would then have a conflict with itself: so what has a default there is filled in by who reads it.
 */
export function schemaOf(field: Field, path: string, depth: number, atomic = false): Schema {
  const schema: Record<string, unknown> = {};
  for (const name of kept) if (field[name] !== undefined) schema[name] = field[name];
  const { 'x-quantity': quantity, items, properties, additionalProperties } = field;
  if (quantity) Object.assign(schema, quantitySchema(quantity));
  if (atomic) delete schema.default;
  if (items) Object.assign(schema, { maxItems: maxItems[depth] ?? 16, items: itemsSchema(field, path, depth, atomic) });
  // The API server leaves out a mapping that is empty, and would then differ from what was applied for ever.
  if (properties && Object.keys(properties).length > 0)
    schema.properties = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, schemaOf(inner, `${path}.${name}`, depth, atomic)]),
    );
  if (additionalProperties)
    schema.additionalProperties = schemaOf(additionalProperties, `${path}.*`, depth + 1, atomic);
  const choices = field['x-exactly-one-of'];
  if (choices) {
    schema.description = `${field.description} Exactly one of ${choices.join(', ')} is needed.`;
    // A default is written into the object, where a later apply of another choice would find it beside its own.
    delete schema.default;
  }
  const required = fieldsToWrite(field);
  if (required.length > 0) schema.required = required;
  if (path === 'spec.bridge.replicas') {
    delete schema.default;
    schema.description = `How many bridges share the work; 0 stops them. Default: what the operator is configured with, which it writes here.`;
  }
  const rules = [...choiceRules(field), ...certificateRules(field), ...(celRules[path] ?? [])];
  if (rules.length > 0) schema['x-kubernetes-validations'] = rules;
  return schema;
}

const itemsSchema = (field: Field, path: string, depth: number, atomic: boolean): Schema =>
  schemaOf(field.items!, `${path}[]`, depth + 1, atomic || field['x-kubernetes-list-type'] !== 'map');

const quantitySchema = ({ unit }: Quantity): Schema => ({
  minLength: 1,
  maxLength: 64,
  pattern: unit === 'duration' ? durationPattern : bytesPattern,
});

/** Of a list, of a list within a list, and so on. */
const maxItems = [500, 100, 50];

const choiceRules = ({ 'x-exactly-one-of': names }: Field): Schema[] =>
  names
    ? [
        {
          rule: `[${names.map(name => `has(self.${name})`).join(', ')}].filter(given, given).size() == 1`,
          message: `exactly one of ${names.join(', ')} is needed`,
        },
      ]
    : [];

/** A certificate is worth nothing without its key, nor a key without its certificate, nor a passphrase without a key. */
const certificateRules = ({ properties }: Field): Schema[] =>
  properties?.cert && properties.key
    ? [
        { rule: 'has(self.cert) == has(self.key)', message: 'cert and key belong together: give both or none' },
        { rule: '!has(self.passphrase) || has(self.key)', message: 'passphrase is given without key' },
      ]
    : [];
