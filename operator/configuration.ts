/** The operator's own document: what whoever installs it decides for all bridges. Everything has a default, so it may be left out. */
import type { Static } from 'typebox';
import { apiVersion } from '../api/bridge.ts';
import type { ReadOptions } from '../api/files.ts';
import type { Problem } from '../api/problems.ts';
import { choice, duration, type Field, flag, list, optional, section, text, whole } from '../api/schema/fields.ts';
import { namespaceRule } from '../api/schema/object-names.ts';
import { trustedKinds, trustedOnly } from '../api/schema/overridable.ts';
import { fillDefaults } from '../api/shape.ts';
import {
  type LoadedSingle,
  loadSingle,
  loadSingleDocument,
  loadSingleText,
  type SingleKind,
} from '../api/single-document.ts';
import type { YamlDocument } from '../api/yaml/document.ts';
import packageJson from '../package.json' with { type: 'json' };
import { checkDefaults } from './defaults.ts';
import { defaults } from './defaults-schema.ts';

export const operatorKind = 'MqttKafkaOperator';

const own = `mkb:${packageJson.version}`;

const image = (what: string, value: string) =>
  text(`The image of ${what}, as repository:tag or repository@digest.`, { default: value });

const images = section(
  'The images of what the operator runs, for bridges whose document names none.',
  {
    bridge: image('the bridge', own),
    exporter: image('the exporter', own),
    emqx: image(
      'EMQX (5.8.1 to 5.8.9 get their sessions in memory: on disk these versions lose messages)',
      'emqx/emqx:5.8.0',
    ),
    mosquitto: image('Mosquitto', 'eclipse-mosquitto:2.0.22'),
    prometheus: image('Prometheus', 'prom/prometheus:v3.5.4'),
    grafana: image('Grafana', 'grafana/grafana:12.3.2'),
  },
  { default: {} },
);

const reaching = trustedKinds
  .map(kind => `${kind} ${trustedOnly[kind].map(field => `\`${field}\``).join(', ')}`)
  .join('; ');

const namespaceName = (description: string) => text(description, namespaceRule);

const leaderElection = section(
  'With several replicas of the operator one works and the others wait.',
  {
    enabled: flag('Whether to take part. Without it there must be only one operator.', { default: true }),
    namespace: optional(namespaceName("The namespace of the Lease. Default: the operator's own.")),
  },
  { default: {} },
);

const metrics = section(
  "The operator's own `/metrics`, which name every bridge.",
  {
    authentication: flag(
      'Whether a reader must show the token of an account that may `get` the nonResourceURL `/metrics`. The API server is asked, which needs rights for the whole cluster.',
      { default: true },
    ),
  },
  { default: {} },
);

const spec = section(
  'How the operator is configured.',
  {
    images,
    defaults,
    imageUpdates: choice(
      ['keep', 'follow'],
      'What new images above do to bridges that run: `keep` leaves them as they are, `follow` rolls them. A bridge chooses for itself with the annotation `mqttkafka.dev/image-updates`.',
      { default: 'keep' },
    ),
    trustedOverrides: list(
      choice(trustedKinds, 'One kind.'),
      `Kinds of which \`overrides\` of a document may set what reaches beyond its namespace: ${reaching}. Whoever may write bridges then configures every Prometheus that obeys them, with the rights that it has.`,
      { unique: true, default: [] },
    ),
    replicas: whole('How many replicas a bridge has whose document does not say; one at most without `mqtt.share`.', {
      minimum: 0,
      maximum: 999,
      default: 1,
    }),
    namespaces: list(namespaceName('One namespace.'), 'The namespaces to work in; all when it is empty.', {
      unique: true,
      default: [],
    }),
    leaderElection,
    metrics,
    concurrency: whole('How many bridges are worked on at once.', { minimum: 1, maximum: 64, default: 4 }),
    resync: duration('How often each bridge is looked at although nothing seems to have changed.', {
      min: '10s',
      max: '24h',
      default: '10m',
    }),
  },
  { default: {} },
);

const configuration = section('How the operator works.', {
  apiVersion: choice([apiVersion], 'The version of this document format.'),
  kind: choice([operatorKind], 'The kind of this document.'),
  spec,
});

/** A complete document: every field that has a default is there. */
export type OperatorDocument = Static<typeof configuration>;
export type OperatorConfiguration = OperatorDocument['spec'];

/** The same definition for those who walk over it. */
export const operatorField = configuration as unknown as Field;

/** What holds where nothing is written. */
export const defaultConfiguration = (): OperatorConfiguration =>
  (fillDefaults(operatorField, { apiVersion, kind: operatorKind }) as OperatorDocument).spec;

const document: SingleKind<OperatorDocument> = {
  kind: operatorKind,
  field: operatorField,
  owner: 'the operator',
  check: ({ spec }) => checkDefaults(spec.defaults),
};

/** What is wrong with a document of this kind that is read already. */
export const configurationProblems = (parsed: YamlDocument): readonly Problem[] =>
  loadSingleDocument(parsed, document).problems;

/** Loads the one document of a file, or of standard input for `-`. Throws nothing about its content. */
export const loadConfiguration = (file: string, options: ReadOptions = {}): Promise<LoadedSingle<OperatorDocument>> =>
  loadSingle(file, document, options);

/** Loads from text that is at hand; `file` is the name that problems give. */
export const loadConfigurationText = (text: string, file: string): LoadedSingle<OperatorDocument> =>
  loadSingleText(text, file, document);
