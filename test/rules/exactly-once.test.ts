// A document asked for exactly once and had it for some of its rules only, without a word.
import { expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { unsupportedParts } from '../../rules/unsupported.ts';

const fromKafka = 'SELECT * FROM "$kafka/commands"';
const fromMqtt = 'SELECT payload FROM "a/#"';
const toKafka = { kafka: { topic: 't' } };

interface Parts {
  readonly sql?: string;
  readonly sink?: object;
  readonly producer?: object;
  readonly delivery?: object;
  readonly mqtt?: object;
}

/** The places that are refused of a document with one rule. */
const refused = ({ sql = fromKafka, sink = toKafka, producer = {}, delivery = {}, mqtt = {} }: Parts): string[] => {
  const spec = {
    mqtt: { ...('urls' in mqtt || 'listen' in mqtt ? {} : { url: 'mqtt://m' }), ...mqtt },
    kafka: { bootstrapServers: ['k:9092'], producer },
    rules: [{ name: 'r', sql, sinks: [sink] }],
    delivery: { guarantee: 'exactlyOnce', ...delivery },
  };
  const document = { apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'b' }, spec };
  return unsupportedParts(completeDocument(document), 'process').map(({ path }) => path);
};

test.each<[string, Parts]>([
  ['records as they are', {}],
  ['a pattern', { sql: 'SELECT * FROM "$kafka/site-*"' }],
  ['many rows of a record', { sql: 'FOREACH payload.list AS i DO i FROM "$kafka/commands"' }],
  ['messages of QoS 2', { sql: fromMqtt, mqtt: { qos: 2 } }],
  ['records and messages of QoS 2', { sql: 'SELECT payload FROM "$kafka/commands", "a/#"', mqtt: { qos: 2 } }],
  ['shares of messages', { sql: fromMqtt, mqtt: { qos: 2, share: 'cars' } }],
  ['dead letters', { delivery: { onFailure: { deadLetter: { topic: 'dead' } } } }],
  ['one batch at a time', { delivery: { mode: 'sync' } }],
  ['other pauses', { delivery: { retry: { backoff: { maxDelay: '2s' } } } }],
])('exactly once takes %s', (_what, parts) => {
  expect(refused(parts)).toEqual([]);
});

const sql = 'spec.rules[0].sql';
test.each<[string, Parts, string[]]>([
  ['messages of QoS 1', { sql: fromMqtt, mqtt: { qos: 1 } }, ['spec.mqtt.qos']],
  [
    'messages beside records, of QoS 0',
    { sql: 'SELECT * FROM "$kafka/c", "a/#"', mqtt: { qos: 0 } },
    ['spec.mqtt.qos'],
  ],
  ['servers in turn', { sql: fromMqtt, mqtt: { qos: 2, urls: ['mqtt://a', 'mqtt://b'] } }, ['spec.mqtt.urls']],
  ['no session', { sql: fromMqtt, mqtt: { qos: 2, sessionExpiry: '0s' } }, ['spec.mqtt.sessionExpiry']],
  ['a listener', { sql: fromMqtt, mqtt: { listen: [{ port: 1883 }], qos: 2 } }, ['spec.mqtt.listen']],
  [
    'a listener whose clients a rule names',
    { sql: 'SELECT clientid, payload FROM "a/#"', mqtt: { listen: [{ port: 1883 }], qos: 2 } },
    ['spec.mqtt.listen'],
  ],
  [
    'a buffer that acknowledges',
    { sql: fromMqtt, mqtt: { qos: 2 }, delivery: { buffer: { mode: 'disk', path: '/b' } } },
    ['spec.delivery.buffer'],
  ],
  [
    'a buffer that drops',
    { sql: fromMqtt, mqtt: { qos: 2 }, delivery: { buffer: { whenFull: 'dropOldest' } } },
    ['spec.delivery.buffer'],
  ],
  ['a rule that reads events', { sql: 'SELECT reason FROM "$events/message_dropped"' }, [sql]],
  ['a window', { sql: 'SELECT COUNT(*) AS n FROM "$kafka/commands" GROUP BY key, TUMBLING(1m)' }, [sql]],
  ['CHANGED', { sql: 'SELECT * FROM "$kafka/commands" WHERE CHANGED(value)' }, [sql]],
  ['kept values', { sql: `SELECT kv_store_put('a', 1) AS x FROM "$kafka/commands"` }, [sql]],
  ['a sink of MQTT', { sink: { mqtt: { topic: 'a' } } }, ['spec.rules[0].sinks[0].mqtt']],
  ['acks of the leader', { producer: { acks: 'leader' } }, ['spec.kafka.producer.acks']],
  ['batches without numbers', { producer: { idempotent: false } }, ['spec.kafka.producer.idempotent']],
  ['a time after which records fail', { delivery: { retry: { maxAge: '1m' } } }, ['spec.delivery.retry.maxAge']],
  ['a number of attempts', { delivery: { retry: { maxAttempts: 3 } } }, ['spec.delivery.retry.maxAttempts']],
  [
    'a limit of one sink',
    { sink: { kafka: { topic: 't', retry: { maxAge: '1m' } } } },
    ['spec.rules[0].sinks[0].kafka.retry.maxAge'],
  ],
  ['a buffer', { delivery: { buffer: { mode: 'disk', path: '/b' } } }, ['spec.delivery.buffer']],
])('exactly once refuses %s', (_what, parts, paths) => {
  expect(refused(parts)).toEqual(paths);
});

test('what exactly once refuses, at least once takes', () => {
  expect(refused({ sql: 'SELECT payload FROM "a/#"', delivery: { guarantee: 'atLeastOnce' } })).toEqual([]);
});
