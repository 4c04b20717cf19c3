/** Tests of rules: `spec.rules[].tests`, and files of their own. `mkb test` runs them; nothing else reads them. */
import type { Static } from 'typebox';
import { choice, flag, list, numberChoice, optional, section, text, textMap, whole } from './fields.ts';

const pair = (description: string) =>
  section(description, {
    name: text('The name; names may repeat.'),
    value: text('The value.', { minLength: 0 }),
  });

const milliseconds = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

const message = section('The message that the rule gets.', {
  topic: text(
    'The topic it was published to. For a rule that reads Kafka: `$kafka/` and the topic; for one that reads events: `$events/...`.',
  ),
  payload: optional(
    text('The payload, or the value of a Kafka record; bytes are `base64:` and base64. Without it, empty.', {
      minLength: 0,
    }),
  ),
  key: optional(text('The key of the record, for a rule that reads Kafka.', { minLength: 0 })),
  clientid: optional(text("The publisher's client id, as the bridge knows it where it is the MQTT server.")),
  username: optional(text("The publisher's user name, as the bridge knows it where it is the MQTT server.")),
  clientAttrs: optional(
    textMap("The publisher's attributes (`client_attrs`), as the bridge knows them where it is the MQTT server."),
  ),
  qos: numberChoice([0, 1, 2], 'The QoS it came with.', { default: 0 }),
  retain: flag('Whether the retain flag is set.', { default: false }),
  userProperties: optional(
    list(
      pair('A user property.'),
      'MQTT 5 user properties, the headers of a Kafka record, or further columns of an event.',
    ),
  ),
  contentType: optional(text('The MQTT 5 content type.', { minLength: 0 })),
  responseTopic: optional(text('The MQTT 5 response topic.')),
  correlationData: optional(text('The MQTT 5 correlation data; bytes are `base64:` and base64.', { minLength: 0 })),
  messageExpiry: optional(
    whole('The MQTT 5 message expiry interval, seconds.', { minimum: 0, maximum: 4_294_967_295 }),
  ),
  payloadFormat: optional(choice(['bytes', 'utf8'], 'The MQTT 5 payload format indicator.')),
  timestamp: whole('When it was received, milliseconds since 1970; also what the clock shows meanwhile.', {
    ...milliseconds,
    default: 0,
  }),
});

const record = section('What a sink must write. What is left out is not compared.', {
  sink: optional(whole('Which of the sinks of the rule, counted from 1.', { minimum: 1, maximum: 1000 })),
  topic: optional(text('The topic that is written to.')),
  key: optional(text('The key, as text.', { minLength: 0 })),
  partition: optional(whole('The partition that the sink names.', { minimum: 0, maximum: 2_147_483_647 })),
  value: optional(
    text('The value, or the payload of an MQTT message. JSON is compared as JSON; bytes are `base64:` and base64.', {
      minLength: 0,
    }),
  ),
  tombstone: optional(flag('Whether the value is null, which compaction reads as a deletion.')),
  headers: optional(list(pair('A header.'), 'All headers in their order, or the user properties of an MQTT message.')),
  timestamp: optional(whole('The time of the record, milliseconds since 1970.', milliseconds)),
  qos: optional(numberChoice([0, 1, 2], 'The QoS of an MQTT message.')),
  retain: optional(flag('Whether an MQTT message is retained.')),
  contentType: optional(text('The content type of an MQTT message.', { minLength: 0 })),
  responseTopic: optional(text('The response topic of an MQTT message.')),
  correlationData: optional(
    text('The correlation data of an MQTT message, as text; bytes are `base64:` and base64.', { minLength: 0 }),
  ),
  messageExpiry: optional(
    whole('The message expiry of an MQTT message in seconds, of which nothing has passed yet.', {
      minimum: 0,
      maximum: 4_294_967_295,
    }),
  ),
  payloadFormat: optional(choice(['bytes', 'utf8'], 'The payload format of an MQTT message.')),
});

const followedBy = optional(
  list(
    message,
    'Messages that come after it, in the order of their timestamps. When all have come, the windows of the rule run to their ends.',
  ),
);

const tables = optional(
  list(
    section('A table, in place of what the document has under its name.', {
      name: text('The name of an entry of `spec.tables`.'),
      text: text('The table itself.'),
      format: optional(choice(['csv', 'json', 'ndjson'], 'How it is written. Without it, as that of the document.')),
    }),
    'Tables that the rule looks values up in.',
  ),
);

const expectations = {
  rows: optional(
    list(
      text('A row as JSON, as `mkb eval` prints it.'),
      'The rows that the rule must make, in their order; [] when it must not select any message.',
    ),
  ),
  records: optional(
    list(record, 'What the sinks must write: all rows of the first sink, then of the next; [] for nothing.'),
  ),
  error: optional(text('The code of the error that rule or sink must fail with, such as `payload-not-json`.')),
};

const exactlyOne = ['rows', 'records', 'error'];
const name = text('What must hold, in words.');

/** One test beside its rule. */
export const ruleTest = section(
  'A message, and what must become of it.',
  { name, message, followedBy, tables, ...expectations },
  { exactlyOne },
);

const namedTest = section(
  'A message, and what a rule must make of it.',
  { rule: text('The name of the rule.'), name, message, followedBy, tables, ...expectations },
  { exactlyOne },
);

const registered = section(
  'A schema that a registry has. Tests ask no registry.',
  {
    name: text('The name of an entry of `spec.schemas` that has a `registry`.'),
    id: whole('The id, which messages begin with.', { minimum: 0, maximum: 4_294_967_295 }),
    json: optional(text('A JSON Schema as text.')),
    avro: optional(text('An Avro schema as text.')),
    protobuf: optional(text('The text of a .proto file.')),
  },
  { exactlyOne: ['json', 'avro', 'protobuf'] },
);

/** A file of tests, beside the document that it tests. */
export const testFile = section('Tests of the rules of a document.', {
  document: optional(
    text('The file of the document, from the folder of this one. Without it, this file’s name without `_test`.'),
  ),
  registry: list(registered, 'What the registries of the document have. The first of a name is what is written with.', {
    default: [],
  }),
  tests: list(namedTest, 'The tests, in the order in which they run.', { minItems: 1 }),
});

export type RuleTest = Static<typeof ruleTest>;
export type ExpectedRecord = Static<typeof record>;
export type TestMessage = Static<typeof message>;
export type RegisteredSchema = Static<typeof registered>;
export type TestFile = Static<typeof testFile>;
