/** `spec.mqtt.broker`: an MQTT broker that the operator runs; `spec.mqtt.brokerRef`: one that the EMQX operator runs. */
import type { Static } from 'typebox';
import { choice, flag, list, optional, section, size, text, whole } from './fields.ts';
import { gateway } from './gateway.ts';
import { namespaceRule, objectNameRule } from './object-names.ts';
import { secret } from './security.ts';
import { service } from './service.ts';
import { volumeFields } from './volume.ts';
import { image, podTemplate, resources } from './workload.ts';

const user = section('Someone who may connect.', {
  username: text('The user name.', {
    maxLength: 256,
    pattern: '^[^\\x00-\\x1f\\x7f]+$',
    expected: 'a name without control characters',
  }),
  password: secret("The user's password."),
});

/** Plain enough for the lists of both brokers: no character means anything in them, and none begins another line. */
export const accessFilter = text(
  'A topic filter, whose levels may be `${clientid}` and `${username}`: those of the client.',
  {
    pattern: '^[!#$&-\\[\\]-~]+$',
    expected: 'a topic filter of ASCII characters, without spaces, quotes, % and backslashes',
    maxLength: 1024,
  },
);

const access = section(
  'Which topics clients may use; all others are refused. The bridge and the exporter may use every topic. Without it, so may everybody.',
  {
    publish: list(
      accessFilter,
      "What clients may publish to. Where a rule reads `{clientid}` or `{username}` from a topic, this must have the client's own there: then it is true who sent a message.",
      { unique: true, default: [] },
    ),
    subscribe: list(accessFilter, 'What clients may subscribe to; `#` for everything.', { unique: true, default: [] }),
  },
);

export const broker = section('A broker for the operator to run beside the bridge.', {
  kind: choice(['mosquitto', 'emqx'], 'Which broker: `mosquitto` is one small process, `emqx` scales out.'),
  replicas: whole('How many broker Pods. `mosquitto` is always one.', { minimum: 1, maximum: 99, default: 1 }),
  storage: optional(
    size(
      'Size of the volume each Pod keeps sessions on. It can grow, where the StorageClass allows that. Without it, sessions do not survive a Pod.',
      {
        min: '1MiB',
        max: '64TiB',
      },
    ),
  ),
  ...volumeFields('Retain'),
  users: list(user, 'Who may connect. The bridge has a user of its own, with a password that the operator makes up.', {
    key: 'username',
    default: [],
  }),
  access: optional(access),
  anonymous: flag('Whether clients may connect without a user name. Anyone who reaches the broker can then read all.', {
    default: false,
  }),
  tls: optional(
    section('Serve TLS on port 8883 too; port 1883 then stays inside, for the bridge and the exporter.', {
      secretName: text('A Secret of the type kubernetes.io/tls: `tls.crt`, `tls.key`.'),
    }),
  ),
  service,
  gateway: optional(gateway),
  image: image('the broker'),
  resources: resources(),
  podTemplate: podTemplate(),
});

export const brokerRef = section('An EMQX cluster that the EMQX operator runs; its address is looked up.', {
  name: text('The name of the EMQX resource.', objectNameRule),
  namespace: optional(
    text(
      "The namespace of the EMQX resource. Default: the document's own. Another one must share the Service of its listeners, by the annotation `mqttkafka.dev/allow-from` with the document's namespace in it.",
      namespaceRule,
    ),
  ),
  port: whole('The port of its listeners Service to use.', { minimum: 1, maximum: 65_535, default: 1883 }),
});

export type AccessSection = Static<typeof access>;
export type BrokerSection = Static<typeof broker>;
