/** Names of events: https://docs.emqx.com/en/emqx/latest/data-integration/rule-sql-events-and-fields.html */
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { evaluateOnce, exampleMessage } from '../../rules/example-message.ts';
import { thrownBy } from './support/evaluate.ts';

const sourceOf = (source: string) => compileRule(`SELECT event FROM "${source}"`).sources[0];

describe('events that the bridge knows', () => {
  test.each([
    ['$events/message/dropped', 'message.dropped'],
    ['$events/message_dropped', 'message.dropped'],
    ['$events/message/dead_lettered', 'message.dead_lettered'],
    ['$events/bridge/mqtt_connected', 'bridge.mqtt_connected'],
    ['$events/bridge/mqtt_disconnected', 'bridge.mqtt_disconnected'],
    ['$events/bridge/kafka_connected', 'bridge.kafka_connected'],
    ['$events/bridge/kafka_disconnected', 'bridge.kafka_disconnected'],
  ])('%s', (source, name) => {
    expect(sourceOf(source)).toMatchObject({ kind: 'event', event: { name } });
  });
});

describe('events that only a broker sees are refused with the reason', () => {
  test.each([
    ['$events/client/connected', 'connections of clients'],
    ['$events/client_disconnected', '"$events/bridge/mqtt_connected"'],
    ['$events/client/connack', 'connections of clients'],
    ['$events/client_check_acl_complete', 'who logs in'],
    ['$events/auth/check_authz_complete', 'who logs in'],
    ['$events/session/subscribed', 'who subscribes'],
    ['$events/session_unsubscribed', 'who subscribes'],
    ['$events/message/delivered', 'delivers to clients'],
    ['$events/message_acked', 'delivers to clients'],
    ['$events/message/delivery_dropped', 'delivers to clients'],
    ['$events/delivery_dropped', 'delivers to clients'],
    ['$events/sys/alarm_activated', 'Prometheus'],
    ['$events/schema_validation/failed', 'a feature of EMQX'],
    ['$events/message_transformation/failed', 'a feature of EMQX'],
  ])('%s', (source, reason) => {
    const error = thrownBy(() => sourceOf(source));
    expect(error.code).toBe('rule-unsupported');
    expect(error.message).toContain(reason);
  });
});

test.each([
  ['$events/message/droped', 'did you mean $events/message/dropped?'],
  ['$events/zebra', 'events are $events/message/dropped'],
  ['$events/', 'events are'],
])('%s is no event, and the nearest is named', (source, reason) => {
  const error = thrownBy(() => sourceOf(source));
  expect(error.code).toBe('rule-source-invalid');
  expect(error.message).toContain(reason);
});

test('one rule does not read events and messages', () => {
  const error = thrownBy(() => compileRule('SELECT event FROM "a/#", "$events/message/dropped"'));
  expect(error.message).toContain('cannot be read by one rule');
  expect(error.details).toMatchObject({ column: 26 });
});

test('several events may be read by one rule', () => {
  const rule = compileRule('SELECT event, reason FROM "$events/message/dropped", "$events/bridge/mqtt_disconnected"');
  expect(rule.sources).toHaveLength(2);
});

describe('columns', () => {
  const rows = (sql: string, payload = '', ...facts: [string, string][]) =>
    evaluateOnce(
      sql,
      exampleMessage({
        topic: '$events/message/dropped',
        payload,
        qos: 1,
        clientid: 'c1',
        timestamp: 5,
        userProperties: [['topic', 'a/b'], ['reason', 'rule_failed'], ...facts],
      }),
    );

  test('are those of the message that was lost, and why', () => {
    const sql = 'SELECT event, topic, payload, qos, clientid, reason, error, timestamp FROM "$events/message/dropped"';
    expect(rows(sql, 'x', ['error', 'rule-failed'])).toEqual([
      {
        event: 'message.dropped',
        topic: 'a/b',
        payload: Buffer.from('x'),
        qos: 1,
        clientid: 'c1',
        reason: 'rule_failed',
        error: 'rule-failed',
        timestamp: 5,
      },
    ]);
  });

  test('lead into the payload, and to nothing in one that is no JSON: it may be lost for that', () => {
    const sql = 'SELECT payload.x AS x, reason FROM "$events/message/dropped" WHERE is_null(payload.y)';
    expect(rows(sql, '{"x": 5}')).toEqual([{ x: 5, reason: 'rule_failed' }]);
    expect(rows(sql, 'no JSON')).toEqual([{ reason: 'rule_failed' }]);
  });

  test('* gives all that the event has', () => {
    const [row] = rows('SELECT * FROM "$events/message/dropped"', 'x');
    expect(Object.keys(row!)).toEqual(
      expect.arrayContaining(['event', 'topic', 'payload', 'qos', 'flags', 'timestamp', 'node', 'reason']),
    );
    expect(row).not.toHaveProperty('server');
  });

  test.each([
    ['SELECT payload FROM "$events/bridge/kafka_connected"', 'MQTT messages and events of messages'],
    ['SELECT server FROM "$events/message/dropped"', 'events of connections'],
    ['SELECT reason FROM "a/#"', 'events of messages and events of connections'],
    ['SELECT partition FROM "$events/message/dropped"', 'Kafka records'],
  ])('of other kinds are told to be so: %s', (sql, hint) => {
    expect(thrownBy(() => compileRule(sql)).message).toContain(`It belongs to ${hint}.`);
  });
});
