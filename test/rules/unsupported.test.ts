import { describe, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { unsupportedParts } from '../../rules/unsupported.ts';

/** What is refused of a document with one rule: path and message. */
const refused = (sql: string, ...sinks: object[]) => {
  const spec = {
    mqtt: { url: 'mqtt://m' },
    kafka: { bootstrapServers: ['k:9092'] },
    rules: [{ name: 'r', sql, sinks }],
  };
  const document = { apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'b' }, spec };
  return unsupportedParts(completeDocument(document), 'process').map(({ path, message }) => `${path}: ${message}`);
};

const fromKafka = 'SELECT * FROM "$kafka/commands"';
const fromMqtt = 'SELECT payload FROM "a/#"';
const toKafka = { kafka: { topic: 't' } };
const toMqtt = { mqtt: { topic: 'out/${key}' } };

describe('a rule goes', () => {
  test('from Kafka to MQTT', () => {
    expect(refused(fromKafka, toMqtt)).toEqual([]);
  });

  test('from MQTT to Kafka', () => {
    expect(refused(fromMqtt, toKafka)).toEqual([]);
  });
});

test.each([
  ['sinks[0].kafka: This version of the bridge cannot write what it reads from Kafka to Kafka.', fromKafka, toKafka],
  ['sinks[0].mqtt: This version of the bridge cannot write what it reads from MQTT to MQTT.', fromMqtt, toMqtt],
  [
    'sql: This version of the bridge cannot read Kafka and MQTT in one rule.',
    'SELECT * FROM "$kafka/commands", "a/#"',
    toMqtt,
  ],
  [
    'sql: This version of the bridge cannot count records of Kafka in windows.',
    'SELECT COUNT(*) AS n FROM "$kafka/commands" GROUP BY key, TUMBLING(1m)',
    toMqtt,
  ],
  [
    'sinks[0].mqtt.qos: This version of the bridge cannot publish with QoS 2.',
    fromKafka,
    { mqtt: { topic: 'out', qos: 2 } },
  ],
])('it is refused by name: %s', (message, sql, sink) => {
  expect(refused(sql, sink)).toEqual([`spec.rules[0].${message}`]);
});
