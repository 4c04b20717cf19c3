/** `spec.kafka`: the cluster, who we are to it, how records are produced and consumed, and topics to create. */
import type { Static } from 'typebox';
import { choice, duration, flag, list, optional, passedOn, section, size, text, textMap, whole } from './fields.ts';
import { namespaceRule, objectNameRule } from './object-names.ts';
import { secret, tls } from './security.ts';

/** What Kafka takes as the name of a topic [org.apache.kafka.common.internals.Topic]. */
export const topicName = (description: string) =>
  text(description, {
    // Some character besides dots, so that neither . nor .. is allowed.
    pattern: '^[a-zA-Z0-9._-]*[a-zA-Z0-9_-][a-zA-Z0-9._-]*$',
    maxLength: 249,
    expected: 'the name of a Kafka topic: 1 to 249 letters, digits, dots, underscores and dashes',
  });

export const kafkaAuth = section(
  'Who the bridge is to Kafka. `plain` and `scram-...` take `username` and `password`; `oauthbearer` takes `oauth` or `token`; `aws-msk-iam` takes what AWS gives the process.',
  {
    mechanism: choice(
      ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam'],
      'The SASL mechanism.',
      {
        hints: {
          gssapi:
            'Kerberos (GSSAPI) is not supported. Use a listener of the cluster with SCRAM, OAuth or client certificates.',
          kerberos:
            'Kerberos (GSSAPI) is not supported. Use a listener of the cluster with SCRAM, OAuth or client certificates.',
          ssl: 'A client certificate is no SASL mechanism: leave out `auth`, and give `tls` with `cert` and `key`.',
          scram: 'Write scram-sha-256 or scram-sha-512, as the user was created with.',
        },
      },
    ),
    username: optional(text('The user name.')),
    password: optional(secret("The user's password.")),
    oauth: optional(
      section('Where to get a token, and a new one before it expires (client credentials, RFC 6749 4.4).', {
        tokenEndpoint: text('The https address that issues tokens.', {
          pattern: '^https?://[^/?#@\\s]+([/?][^\\s]*)?$',
          expected: 'an address such as https://login.example/oauth2/token',
        }),
        clientId: text('Our id there.'),
        clientSecret: secret('The secret of `clientId`.'),
        scope: optional(text('The scope to ask for, words separated by spaces.')),
        extensions: optional(textMap('SASL extensions to send with the token (KIP-342), such as a logical cluster.')),
        tls: optional(tls('How the token endpoint is trusted. Without it, by the well-known authorities.')),
      }),
    ),
    aws: optional(
      section('Where in AWS the cluster is. Credentials come from environment, web identity, container or instance.', {
        region: optional(
          text('The region of the cluster. Default: the one in the name of its brokers.', {
            pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]+$',
            expected: 'a region such as eu-west-1',
          }),
        ),
      }),
    ),
    token: optional(
      secret('A token that is issued elsewhere. Read again for each connection, so that a file may be renewed.'),
    ),
  },
);

export const bootstrapServers = list(
  text('One Kafka broker.', {
    pattern: '^(\\[[0-9a-fA-F:.]+\\]|[a-zA-Z0-9._-]+):[0-9]{1,5}$',
    expected: 'host:port, such as kafka:9092',
    maxLength: 300,
  }),
  'Some Kafka brokers as `host:port`; the others are learned from them.',
  { minItems: 1, unique: true },
);

const producer = section(
  'How records are sent.',
  {
    acks: choice(
      ['all', 'leader', 'none'],
      'Who must have a record before its message counts as delivered: every in-sync replica, the leader, or nobody. Only `all` keeps the promise that nothing acknowledged is lost.',
      {
        default: 'all',
        hints: {
          '-1': 'What Kafka calls -1 is `all` here.',
          1: 'What Kafka calls 1 is `leader` here.',
          0: 'What Kafka calls 0 is `none` here.',
        },
      },
    ),
    idempotent: flag('Number the batches, so that a repeated one is stored once. Needs `acks: all`.', {
      defaultFrom: 'true with `acks: all`, else false',
    }),
    compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'How batches are compressed.', {
      default: 'none',
    }),
    linger: duration(
      'How long a batch waits for more records at most. It waits while that gains something: see docs/performance.md.',
      {
        min: '0ms',
        max: '1m',
        default: '5ms',
      },
    ),
    batchBytes: size(
      'How large a batch may grow before compression, up to `maxRequestBytes`; a larger record goes alone.',
      { min: '1KiB', max: '64MiB', default: '512KiB' },
    ),
    maxRequestBytes: size(
      'How large a request may be, after compression. A record that is larger by itself is a dead letter. Not more than the brokers take: theirs is `message.max.bytes`, a mebibyte unless changed.',
      {
        min: '16KiB',
        max: '100MiB',
        defaultFrom: '1MiB; requests of several batches up to 8MiB, while Kafka takes them',
      },
    ),
  },
  { default: {} },
);

const ago = '[1-9][0-9]{0,5}[dhms]';
/** [RFC 3339, date-time], the seconds optional. */
const dateTime =
  '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])';

const consumer = section(
  'How rules that read `$kafka/...` consume.',
  {
    groupId: text('The consumer group, which remembers how far the bridge has read.', {
      defaultFrom: '`metadata.name`; in a cluster the namespace and a dot before it',
    }),
    groupInstanceId: optional(
      text(
        'Makes the bridge a static member of its group, which keeps its partitions while it restarts (`group.instance.id` of Kafka). The number of the replica is put behind it: `vehicles-0`.',
        {
          pattern: '^[a-zA-Z0-9._-]+$',
          maxLength: 240,
          expected: '1 to 240 letters, digits, dots, underscores and dashes',
        },
      ),
    ),
    sessionTimeout: duration(
      'How long nothing is heard of a replica before its partitions go to others; with `groupInstanceId`, how long a restart may take. The brokers allow 6 s to 30 min unless changed (`group.min.session.timeout.ms`).',
      { min: '3s', max: '30m', defaultFrom: '1m with `groupInstanceId`, else 10s' },
    ),
    offsetReset: text(
      'Where a group without a position starts, or one whose position Kafka does not have: `earliest` at the first record kept, `latest` at what comes next; a time such as `2026-11-29T10:00:00Z`, or a duration such as `24h` for so long ago, at the first record that is not older. `none` reads nothing, and reports it, until somebody sets the position.',
      {
        pattern: `^(earliest|latest|none|${ago}|${dateTime})$`,
        expected: 'earliest, latest, none, a duration such as 24h, or a time such as 2026-11-29T10:00:00Z',
        default: 'latest',
      },
    ),
    discoverEvery: duration(
      'How often new topics are looked for that a pattern of a rule matches, such as `$kafka/telemetry-*`.',
      { min: '1s', max: '1h', default: '30s' },
    ),
  },
  { default: {} },
);

const topic = section('A topic that must exist.', {
  name: topicName('The name of the topic.'),
  partitions: whole(
    "Partitions to create it with; -1 for the cluster's own default. Raised, the others are added (by Strimzi with `clusterRef`, otherwise by the bridge when it starts); records with a key then go to other partitions, so the order within a key ends there once. Lowered, nothing is taken away: Kafka cannot.",
    { minimum: -1, maximum: 10_000, default: 1 },
  ),
  replicas: whole(
    "Copies of each partition on different Kafka brokers; -1 for the cluster's own default, which managed clusters often demand.",
    { minimum: -1, maximum: 99, default: 1 },
  ),
  config: textMap("Kafka's own settings for the topic, such as `retention.ms`, as text.", {
    default: {},
  }),
});

/** Of topics that templates name. */
const topicDefaults = section(
  'Make topics that a template names (`topic: "telemetry-${tenant}"`) and that do not exist. Without it a record for such a topic is handled by `delivery.onFailure`.',
  {
    partitions: whole("Partitions to make them with; -1 for the cluster's own default.", {
      minimum: -1,
      maximum: 10_000,
      default: -1,
    }),
    replicas: whole("Copies of each partition; -1 for the cluster's own default.", {
      minimum: -1,
      maximum: 99,
      default: -1,
    }),
    config: textMap("Kafka's own settings for the topics, such as `retention.ms`, as text.", { default: {} }),
    maxTopics: whole(
      'How many topics a process may make. Records for further ones are handled by `delivery.onFailure`: names come from messages, and a cluster does not bear any number of partitions.',
      { minimum: 1, maximum: 1_000_000, default: 10_000 },
    ),
  },
);

const kafkaTimeout = { min: '1ms', max: '1h' };

export const kafka = section(
  'The Kafka cluster.',
  {
    bootstrapServers: optional(bootstrapServers),
    clusterRef: optional(
      section('A Kafka cluster that the Strimzi operator runs; its addresses are looked up.', {
        name: text('The name of the Kafka resource.', objectNameRule),
        namespace: optional(
          text(
            "The namespace of the Kafka resource. Default: the document's own. Another one must share the Kafka and the KafkaUser, by the annotation `mqttkafka.dev/allow-from` with the document's namespace in it.",
            namespaceRule,
          ),
        ),
        listener: optional(text('Which of its listeners to use. Default: the first internal one.')),
        user: optional(
          text('The KafkaUser to be, in the namespace of the Kafka resource; its Secret is looked up.', objectNameRule),
        ),
        createUser: optional(
          section(
            'Make the KafkaUser `user`, unless there is one. Only in the namespace of the document. It stays when the bridge is deleted, as topics do.',
            {
              authentication: choice(['scram-sha-512', 'tls'], 'How it shows who it is; the listener must take that.', {
                default: 'scram-sha-512',
              }),
              spec: optional(
                passedOn('Anything else of its `spec`: `authorization` with what it may do, `quotas`, `template`.'),
              ),
            },
          ),
        ),
      }),
    ),
    clientId: text("The name in Kafka's logs, metrics and quotas.", {
      defaultFrom: '`metadata.name`; in a cluster the namespace and a dot before it',
    }),
    auth: optional(kafkaAuth),
    tls: optional(tls('Use TLS. `tls: {}` trusts the well-known authorities.')),
    connectTimeout: duration('How long connecting to a Kafka broker may take.', {
      ...kafkaTimeout,
      default: '5s',
    }),
    requestTimeout: duration('How long a Kafka broker may take to answer.', {
      ...kafkaTimeout,
      default: '30s',
    }),
    producer,
    consumer,
    topics: list(
      topic,
      'Topics to create when they are missing. They are never deleted; with `clusterRef` Strimzi changes those that were made for this bridge.',
      {
        key: 'name',
        default: [],
      },
    ),
    topicDefaults: optional(topicDefaults),
  },
  { exactlyOne: ['bootstrapServers', 'clusterRef'] },
);

export type KafkaSection = Static<typeof kafka>;
export type KafkaAuth = Static<typeof kafkaAuth>;
export type KafkaTopic = KafkaSection['topics'][number];
