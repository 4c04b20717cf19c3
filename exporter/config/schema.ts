/** The exporter's document: what it watches. Made of the same fields as a bridge's, so that both are checked and explained alike. */
import type { Static } from 'typebox';
import { apiVersion } from '../../api/bridge.ts';
import {
  choice,
  duration,
  type Field,
  flag,
  list,
  numberChoice,
  optional,
  section,
  size,
  text,
  whole,
} from '../../api/schema/fields.ts';
import { bootstrapServers, kafkaAuth } from '../../api/schema/kafka.ts';
import { mqttUrl, mqttVersion } from '../../api/schema/mqtt.ts';
import { secret, tls } from '../../api/schema/security.ts';

export const exporterKind = 'MqttKafkaExporter';

const name = text(
  'What the label `target` says. A broker that is watched in two ways may have one name in both lists.',
  {
    pattern: '^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$',
    expected: 'up to 63 letters, digits, dots, underscores and dashes, a letter or digit at both ends',
  },
);

const probe = section('Sends a message to itself through the broker, once an interval, and takes the time.', {
  topic: text('The topic. Each exporter adds its client id, so that several do not hear one another.', {
    pattern: '^[^+#\\u0000$][^+#\\u0000]*$',
    maxLength: 1024,
    expected: 'a topic without + and #, not beginning with $',
    default: 'mqtt-kafka-exporter/probe',
  }),
  qos: numberChoice([0, 1, 2], 'The quality of service of the message, both ways.', { default: 1 }),
});

const mqttTarget = section('An MQTT broker, as a client sees it.', {
  name,
  url: mqttUrl('The broker: `mqtt://`, `mqtts://` (TLS), `ws://` or `wss://` (WebSocket).'),
  version: mqttVersion,
  clientId: optional(
    text('The client id. Default: `mkb-exporter-<name>-` and some random digits.', { maxLength: 256 }),
  ),
  auth: optional(
    section('Who the exporter is to the broker.', {
      username: text('The user name.'),
      password: optional(secret("The user's password.")),
    }),
  ),
  tls: optional(tls('Trust and identity for `mqtts://` and `wss://`.')),
  sys: flag('Read the figures that Mosquitto, HiveMQ and EMQX publish under `$SYS`.', { default: true }),
  sysInterval: duration(
    'How often the broker publishes them; after three of them without any, they are no longer shown.',
    {
      min: '1s',
      max: '1h',
      default: '1m',
    },
  ),
  probe: optional(probe),
  queueLimit: optional(
    whole(
      'How many messages the broker keeps for one client before it drops any (Mosquitto `max_queued_messages`, which is 1,000 unless somebody has changed it). ' +
        'No broker says so itself. With it, the exporter shows how full the queue is, and an alert when it will be.',
      { minimum: 1, maximum: 1_000_000_000 },
    ),
  ),
  memoryLimit: optional(
    size(
      'How much memory the broker may have, as for its container, for the same purpose. Mosquitto says what it uses.',
      {
        min: '1MiB',
        max: '16TiB',
      },
    ),
  ),
});

const emqxTarget = section('An EMQX cluster, by its REST API.', {
  name,
  url: text('The API of any node, which is at the port of the dashboard.', {
    pattern: '^https?://[^/?#@\\s]+/?$',
    expected: 'an address such as http://emqx:18083, without user, password and path',
  }),
  apiKey: text('The API key. One with the role viewer is enough.'),
  apiSecret: secret('Its secret.'),
  clients: list(
    text('A client id.', { maxLength: 65_535 }),
    'Clients whose sessions are shown: whether they are connected, and how many messages wait for them. Name those of bridges. Each is a question a round; the first 100 are asked about.',
    { unique: true, default: [] },
  ),
  queueLimit: optional(
    whole(
      'How many messages may wait for one client, where EMQX has no limit itself (`max_mqueue_len = infinity`): as many as its memory holds.',
      { minimum: 1, maximum: 1_000_000_000 },
    ),
  ),
  tls: optional(tls('Trust and identity for `https://`.')),
});

const patterns = (description: string) =>
  optional(list(text('A name or pattern.', { maxLength: 249 }), description, { minItems: 1 }));

const names = (what: string, shown: string, defaults: { include: string; exclude: string }) =>
  section(
    `${shown} \`*\` stands for any characters.`,
    {
      include: patterns(`Patterns of ${what} to show. Default: ${defaults.include}.`),
      exclude: patterns(`Patterns of ${what} to leave out all the same. Default: ${defaults.exclude}.`),
    },
    { default: {} },
  );

const kafkaTarget = section('A Kafka cluster.', {
  name,
  bootstrapServers,
  auth: optional(kafkaAuth),
  tls: optional(tls('Use TLS. `tls: {}` trusts the well-known authorities.')),
  topics: names('topics', 'Which topics are shown.', { include: 'all', exclude: "Kafka's own, which begin with `__`" }),
  partitions: names('topics', 'Of which topics each partition is shown; of others, only those that are not well.', {
    include: 'those that `topics.include` names without `*`',
    exclude: 'none',
  }),
  groups: names('consumer groups', 'Which consumer groups are shown.', { include: 'all', exclude: 'none' }),
});

const spec = section('What is watched, and how often.', {
  interval: duration('How often each target is asked. A figure that is three intervals old is no longer shown.', {
    min: '1s',
    max: '1h',
    default: '10s',
  }),
  timeout: duration('How long a target may take for its answers; not longer than `interval`.', {
    min: '100ms',
    max: '1h',
    default: '5s',
  }),
  aliases: flag(
    'Show the figures of Kafka under the names of kafka_exporter too, and those of EMQX under the names that EMQX and its exporter have for them, for dashboards that were made for these.',
    {
      default: false,
    },
  ),
  mqtt: list(mqttTarget, 'MQTT brokers.', { key: 'name', default: [] }),
  emqx: list(emqxTarget, 'EMQX clusters.', { key: 'name', default: [] }),
  kafka: list(kafkaTarget, 'Kafka clusters.', { key: 'name', default: [] }),
});

const exporter = section('What the exporter watches.', {
  apiVersion: choice([apiVersion], 'The version of this document format.'),
  kind: choice([exporterKind], 'The kind of this document.'),
  spec,
});

/** A complete document: every field that has a default is there. */
export type ExporterDocument = Static<typeof exporter>;
export type ExporterSpec = ExporterDocument['spec'];
export type MqttTargetSpec = ExporterSpec['mqtt'][number];
export type EmqxTargetSpec = ExporterSpec['emqx'][number];
export type KafkaTargetSpec = ExporterSpec['kafka'][number];

/** The same definition for those who walk over it. */
export const exporterField = exporter as unknown as Field;
