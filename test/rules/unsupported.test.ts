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
  const both = 'SELECT * FROM "$kafka/commands", "a/#"';
  const windows = 'SELECT COUNT(*) AS n FROM "$kafka/commands" GROUP BY key, TUMBLING(1m)';
  test.each([fromKafka, fromMqtt, both, windows])('from anything to anything: %s', sql => {
    expect(refused(sql, toKafka, toMqtt)).toEqual([]);
  });
});

test('the operator refuses a buffer on disk, and a process runs it', () => {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: 'mqtt://m' },
      kafka: { bootstrapServers: ['k:9092'] },
      rules: [{ name: 'r', sql: fromMqtt, sinks: [toKafka] }],
      delivery: { buffer: { mode: 'disk', path: '/b' } },
    },
  });
  expect(unsupportedParts(document, 'process')).toEqual([]);
  expect(unsupportedParts(document, 'cluster')).toEqual([]);
});

test('a buffer is refused where no rule reads MQTT, as it would stay empty', () => {
  const spec = (sql: string) => ({
    mqtt: { url: 'mqtt://m' },
    kafka: { bootstrapServers: ['k:9092'] },
    rules: [{ name: 'r', sql, sinks: [toKafka] }],
    delivery: { buffer: { mode: 'memory', whenFull: 'dropOldest' } },
  });
  const paths = (sql: string) =>
    unsupportedParts(
      completeDocument({ apiVersion: 'v', kind: 'k', metadata: { name: 'b' }, spec: spec(sql) }),
      'process',
    ).map(({ path }) => path);
  expect(paths(fromKafka)).toEqual(['spec.delivery.buffer']);
  expect(paths(fromMqtt)).toEqual([]);
});

describe('a bridge that MQTT clients connect to', () => {
  const listening = (rules: object[], delivery: object = {}) => {
    const mqtt = { listen: [{ port: 1883 }], clients: { anonymous: true } };
    const spec = { mqtt, kafka: { bootstrapServers: ['k:9092'] }, delivery, rules };
    return completeDocument({ apiVersion: 'v', kind: 'k', metadata: { name: 'b' }, spec });
  };
  const rule = (sql: string, sink: object = toKafka) => ({ name: 'r', sql, sinks: [sink] });
  const paths = (...given: Parameters<typeof listening>) =>
    unsupportedParts(listening(...given), 'process').map(({ path }) => path);

  test('publishes to them what Kafka has, without a rule that reads MQTT', () => {
    expect(paths([rule(fromKafka, { mqtt: { topic: 'a' } })])).toEqual([]);
  });

  test('takes what they publish to Kafka, and reads Kafka topics beside it', () => {
    expect(paths([rule(fromMqtt), rule(fromKafka)])).toEqual([]);
  });

  test.each([
    ['retain', [rule(fromKafka, { mqtt: { topic: 'a', retain: true } })], {}, 'spec.rules[0].sinks[0].mqtt.retain'],
    [
      'wait for each client',
      [rule(fromKafka, { mqtt: { topic: 'a', queryMode: 'sync' } })],
      {},
      'spec.rules[0].sinks[0].mqtt.queryMode',
    ],
    [
      'wait for each client by the mode of all sinks',
      [rule(fromKafka, { mqtt: { topic: 'a' } })],
      { mode: 'sync' },
      'spec.rules[0].sinks[0].mqtt',
    ],
    [
      'write outcomes',
      [rule(fromKafka, { mqtt: { topic: 'a', outcome: { topic: 'o' } } })],
      {},
      'spec.rules[0].sinks[0].mqtt.outcome',
    ],
    [
      'give up what its sessions keep',
      [rule(fromKafka, { mqtt: { topic: 'a', retry: { maxAge: '1m' } } })],
      {},
      'spec.rules[0].sinks[0].mqtt.retry',
    ],
    ['run without a rule that reads or writes MQTT', [rule(fromKafka)], {}, 'spec.mqtt.listen'],
    [
      'say that it has connected to a broker',
      [rule(fromMqtt), rule('SELECT * FROM "$events/bridge/mqtt_connected"')],
      {},
      'spec.rules[1].sql',
    ],
  ])('refuses to %s', (_what, rules, delivery, path) => {
    expect(paths(rules, delivery)).toEqual([path]);
  });

  test.each([
    [{ port: 1883 }, []],
    [{ port: 9400 }, ['spec.mqtt.listen[0].port']],
    [{ port: 1883, host: '127.0.0.1' }, ['spec.mqtt.listen[0].host']],
  ])('may have the port %j in a Pod, or not: %j', (port, refused) => {
    const document = listening([rule(fromMqtt)]);
    const mqtt = { ...document.spec.mqtt, listen: [port] };
    const inPod = { ...document, spec: { ...document.spec, mqtt } };
    expect(unsupportedParts(inPod, 'cluster').map(({ path }) => path)).toEqual(refused);
    expect(unsupportedParts(inPod, 'process')).toEqual([]);
  });

  // What was acknowledged waited on the volume of a replica that was scaled away, for nobody.
  test('has no buffer on the volume of a Pod', () => {
    const document = listening([rule(fromMqtt)], { buffer: { mode: 'disk' } });
    expect(unsupportedParts(document, 'cluster').map(({ path }) => path)).toContain('spec.delivery.buffer.mode');
  });
});
