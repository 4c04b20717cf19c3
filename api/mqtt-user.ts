/**
 * `MqttUser`: someone who may connect to a broker that the operator runs. An object of its own, so that who adds a device changes nothing else, and
 * the broker goes on.
 */
import type { Static } from 'typebox';
import { apiVersion } from './bridge.ts';
import { type Finding, finding } from './findings.ts';
import { choice, type Field, list, optional, passedOn, section, text, textMap } from './schema/fields.ts';
import { objectNameRule } from './schema/object-names.ts';
import { condition, count } from './schema/status.ts';

export const userKind = 'MqttUser';

/** What the operator's own users are called by. */
export const ownPrefix = 'mkb-';

/** Plain enough for every list of users, and no level of a topic that could be taken for two. */
const usernameRule = {
  pattern: '^[A-Za-z0-9][-A-Za-z0-9._@]*$',
  maxLength: 253,
  expected: 'letters, digits and `-._@`, with a letter or digit in front',
};

/** A level of a filter: `$` only as `${username}`, so that no topic of the broker itself, such as `$CONTROL`, is among them but for `$SYS`. */
const level = '(\\+|([!&-*,-.0-\\[\\]-~]|\\$\\{username\\})*)';

const acl = section('Topics that the user may use, or may not.', {
  topic: text('A topic filter. `${username}` in it is the user name.', {
    pattern: `^(#|(\\$SYS|${level})(/${level})*(/#)?)$`,
    maxLength: 256,
    expected:
      'a topic filter of ASCII characters, without spaces, quotes, % and backslashes; `$` stands in `${username}` and `$SYS` only',
  }),
  action: choice(['publish', 'subscribe', 'all'], 'What the user does with them.', { default: 'all' }),
  permission: choice(['allow', 'deny'], 'Whether they may.', { default: 'allow' }),
});

const secretKeyRef = section('A key of a Secret in the same namespace.', {
  name: text('The name of the Secret.', objectNameRule),
  key: text('The key in its data.', {
    pattern: '^[-._a-zA-Z0-9]+$',
    maxLength: 253,
    expected: 'the name of a key',
  }),
});

const spec = section('Who may connect where, and what they may do.', {
  bridgeRef: section('The bridge whose broker it is: an MqttKafkaBridge with `mqtt.broker`, in the same namespace.', {
    name: text('Its name.', objectNameRule),
  }),
  username: optional(text("The user name. Default: the object's name.", usernameRule)),
  passwordFrom: optional(
    section(
      "Where the password is. Without it the operator makes one up, in a Secret of the object's name with the keys `username` and `password`.",
      { secretKeyRef },
    ),
  ),
  acls: optional(
    list(
      acl,
      'Topics, in order: the first that fits decides. What none fits is refused, unless `broker.access` of the bridge allows it. Without a list the user may use what every other client may.',
    ),
  ),
});

export const mqttUser = section('A user of a broker that the operator runs.', {
  apiVersion: choice([apiVersion], 'The version of this document format.'),
  kind: choice([userKind], 'The kind of this document.'),
  metadata: section(
    'What Kubernetes knows every object by. Its other fields are allowed and left alone.',
    {
      name: text('The name of the object, and the default of the user name.', objectNameRule),
      namespace: optional(text('The Kubernetes namespace: that of the bridge.')),
      labels: optional(textMap('Labels, for selecting.')),
      annotations: optional(textMap('Annotations, for tools.')),
    },
    { preserveUnknown: true },
  ),
  spec,
  status: optional(passedOn("The operator's report. Not for writing.")),
});

export const userStatus = section('What the operator reports.', {
  observedGeneration: optional(count('The generation that was last looked at.')),
  conditions: optional(list(condition, 'What holds and what does not.', { key: 'type' })),
  username: optional(text('The user name that the object holds at the broker.')),
  secret: optional(text('The Secret with the password.')),
  revision: optional(text('A hash of what the broker knows of the user.')),
  changedAt: optional(text('When that was last changed (RFC 3339).')),
});

export type MqttUser = Static<typeof mqttUser>;
export type UserAcl = Static<typeof acl>;
export type UserStatus = Static<typeof userStatus>;

/** The same definition for those who walk over it. */
export const userField = mqttUser as unknown as Field;

/** What the shape of a document cannot say. */
export function userFindings({ metadata, spec }: MqttUser): Finding[] {
  const own = spec.username ?? metadata.name;
  if (!own.startsWith(ownPrefix)) return [];
  const path = spec.username === undefined ? ['metadata', 'name'] : ['spec', 'username'];
  const reason = `User names that begin with \`${ownPrefix}\` are the operator's own.`;
  return [finding(path, 'field-conflict', { reason }, { remedy: 'Choose another name.' })];
}
