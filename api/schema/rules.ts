/** `spec.rules`: which messages, what of them, and where to. */
import type { Static } from 'typebox';
import { cloudEventsOf } from './cloud-events.ts';
import { choice, duration, flag, list, numberChoice, optional, section, size, text, whole } from './fields.ts';
import { topicName } from './kafka.ts';
import { queryMode } from './query-mode.ts';
import { rate } from './rate.ts';
import { retrySection } from './retry.ts';
import { ruleTest } from './rule-tests.ts';

const header = (name: string, value: string) =>
  section('A name and a template for its value.', { name: text(name), value: text(value, { minLength: 0 }) });

const kafkaSink = section('Writes a Kafka record for each row.', {
  topic: text('The topic: a name, or a template such as `${vin}-events`.'),
  key: optional(text('Template of the key, which chooses the partition. Without it, records are spread in batches.')),
  partition: optional(
    text(
      'Template of the partition, a whole number from 0: `${payload.shard}`. The key is written too, and chooses nothing. A message for which it gives no number, or one that the topic has not, is a dead letter. Without it, the key chooses.',
    ),
  ),
  value: optional(
    text('Template of the value. Without it, the payload if that is all the rule selects, else the row as JSON.'),
  ),
  emptyAsTombstone: flag(
    'Write an empty value as null, a tombstone: in a compacted topic it deletes the record of its key, as an empty retained message deletes the one that a broker keeps. Needs `key`; a message whose key lacks a part is a dead letter. With `cloudEvents`, a tombstone has no envelope: its attributes are headers in both modes.',
    { default: false },
  ),
  timestamp: optional(
    text('Template of the time in milliseconds since 1970. Without it, when the message was received.'),
  ),
  headers: optional(
    list(
      header("The header's name; names may repeat.", "Template of the header's value."),
      'Headers of the record, in this order.',
    ),
  ),
  mqttHeaders: flag(
    'Also write as headers what MQTT knows of the message: `mqtt.topic`, `mqtt.qos`, `mqtt.retain`, `mqtt.clientid` if FROM captures it, `mqtt.content-type`, `mqtt.response-topic`, `mqtt.correlation-data`, `mqtt.message-expiry-interval`, `mqtt.payload-format-indicator`, and user properties under their own names (not those that begin with `mqtt.`). Of a Kafka record, all its headers. Without it, `traceparent` and `tracestate` only.',
    { default: false },
  ),
  queryMode: queryMode(
    'no record waits for `kafka.producer.linger`, and one request at a time is under way for the topic, to one leader of its partitions after the other. Sinks of one topic have one mode.',
  ),
  retry: optional(retrySection(true)),
  rateLimit: optional(
    rate(
      'How many rows the sink takes, such as `1000/s`, `30/m` or `10/h`. Beyond it the sources that the rule reads are paused, with all their rules: nothing is lost, and the MQTT broker, the buffer or Kafka keeps what is not read. Default: as many as come.',
    ),
  ),
  cloudEvents: optional(cloudEventsOf('record', 'headers with `ce_` before their names, and `content-type`')),
});

const mqttSink = section('Publishes an MQTT message for each row.', {
  topic: text('The topic: a name, or a template such as `vehicles/${key}/commands`.'),
  payload: optional(text('Template of the payload. Without it, the row as JSON.')),
  qos: numberChoice(
    [0, 1, 2],
    'The QoS to publish with: 0 may lose a message, 1 may publish it twice, 2 publishes it once as long as the broker keeps the session and the bridge lives.',
    { default: 1 },
  ),
  retain: flag('Whether the broker keeps it for later subscribers.', { default: false }),
  userProperties: optional(
    list(
      header("The property's name; names may repeat.", "Template of the property's value."),
      'MQTT 5 user properties, in this order.',
    ),
  ),
  mqttProperties: flag(
    'Also publish the MQTT 5 properties that the message came with. Of an MQTT message its own; of a Kafka record those that `mqttHeaders` of a Kafka sink wrote, the expiry counted from the time of the record, and its other headers as user properties. What this sink says itself wins. A header that MQTT cannot carry is left out and counted. Without it, `traceparent` and `tracestate` only.',
    { default: false },
  ),
  contentType: optional(text('Template of the content type, such as `application/json`. MQTT 5.')),
  responseTopic: optional(text('Template of the topic that the receiver is to answer to. MQTT 5.')),
  correlationData: optional(
    text('Template of what the receiver is to send back with its answer; bytes stay as they are. MQTT 5.'),
  ),
  messageExpiry: optional(
    text(
      'Template of the seconds for which the message is of use, from the time of the record (or of the MQTT message, event or window) that it is made of. What is left of them is sent; a message whose time is over is not sent, and counts as dropped with the reason `expired`. MQTT 5.',
    ),
  ),
  payloadFormat: optional(
    choice(
      ['bytes', 'utf8'],
      'The payload format indicator. With `utf8`, a payload that is not UTF-8 is a dead letter. Without it, the message does not say. MQTT 5.',
    ),
  ),
  outcome: optional(
    section(
      'Writes a Kafka record about what became of each message: `taken`, `nobody`, `answered`, `too_late` or `refused`.',
      {
        topic: topicName('The Kafka topic. It must exist, or be one of `kafka.topics`.'),
        answerWithin: optional(
          duration(
            'How long after the broker has it the message may be answered. The bridge gives it a response topic and correlation data of its own. Without it, no answer is waited for. MQTT 5.',
            { min: '10ms', max: '20s' },
          ),
        ),
      },
    ),
  ),
  queryMode: queryMode(
    'first in, first out, each message when the broker has acknowledged the one before it, whatever their topics. Not with `qos: 0`, which nobody acknowledges.',
  ),
  retry: optional(retrySection(true)),
  rateLimit: optional(
    rate(
      'How many rows the sink takes, such as `1000/s`, `30/m` or `10/h`. Beyond it the sources that the rule reads are paused, with all their rules: nothing is lost, and the MQTT broker, the buffer or Kafka keeps what is not read. Default: as many as come.',
    ),
  ),
  cloudEvents: optional(cloudEventsOf('message', 'user properties of their names, and the content type')),
});

const sink = section(
  'One place to write to.',
  { kafka: optional(kafkaSink), mqtt: optional(mqttSink) },
  { exactlyOne: ['kafka', 'mqtt'] },
);

const state = section(
  'How much the rule may remember: the windows of GROUP BY, CHANGED and DEDUP, and earlier messages (lag, latest, had_changed, changed_cols, acc_*). It is memory of the process; a restart forgets it.',
  {
    maxEntries: whole(
      'How many entries its windows may hold together: one for each key in a window (with HOPPING, in each hop), one for each different value of COUNT(DISTINCT). A message that needs more fails with `rule-state-full`. Also how many values each CHANGED and DEDUP remembers, and how many keys each lag and its like; then the oldest is forgotten.',
      { minimum: 1, maximum: 10_000_000, default: 100_000 },
    ),
    maxValueBytes: size(
      'How large a key of GROUP BY, a value of FIRST or LAST, or what lag and its like remember of a key, may be.',
      {
        min: '64B',
        max: '1MiB',
        default: '1KiB',
      },
    ),
    maxAge: duration(
      'How long lag, latest, had_changed, changed_cols and acc_* remember what a key had, from its last message. After that its next message is as the first.',
      { min: '1s', max: '365d', default: '7d' },
    ),
  },
);

const rule = section('Selects messages and writes what it makes of them.', {
  name: text('The name in metrics, logs and dead letters.', {
    pattern: '^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$',
    expected: 'up to 63 letters, digits, dots, underscores and dashes',
  }),
  description: optional(text('What the rule is for, for people.', { minLength: 0 })),
  sql: text(
    'Which messages and what of them, in SQL: `SELECT payload FROM "vehicles/{vin}/#" WHERE payload.speed > 0`.',
  ),
  state: optional(state),
  rateLimit: optional(
    rate(
      'How many messages the rule takes that its WHERE lets pass, such as `1000/s`, `30/m` or `10/h`. Beyond it the sources that the rule reads are paused, with all their rules: nothing is lost, and the MQTT broker, the buffer or Kafka keeps what is not read. Default: as many as come.',
    ),
  ),
  sinks: list(sink, 'Where to write. A message counts as delivered when all of them have it.', { minItems: 1 }),
  tests: optional(
    list(ruleTest, 'What the rule must make of example messages: `mkb test` runs these, and the bridge ignores them.'),
  ),
});

export const rules = list(
  rule,
  'What to move from where to where. Each message passes through every rule whose FROM matches it.',
  {
    minItems: 1,
    key: 'name',
  },
);

export type Rule = Static<typeof rule>;
export type Sink = Static<typeof sink>;
export type KafkaSink = Static<typeof kafkaSink>;
export type MqttSink = Static<typeof mqttSink>;
