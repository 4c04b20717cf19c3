import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exporterMetricTable } from '../../../exporter/metrics.ts';
import { sysFigure, sysFilters, sysMetrics } from '../../../exporter/mqtt/sys-topics.ts';
import { compileFilter } from '../support/topic-filter.ts';

/** The figure as one line: name, labels, value. */
const line = (topic: string, payload: string): string | undefined => {
  const figure = sysFigure(topic, payload);
  return (
    figure && `${figure.metric.replace('mqtt_broker_', '')} ${Object.values(figure.labels).join(' ')} ${figure.value}`
  );
};

describe('Mosquitto', () => {
  test.each([
    ['$SYS/broker/clients/connected', '3', 'connections  3'],
    ['$SYS/broker/clients/total', '5', 'sessions  5'],
    ['$SYS/broker/retained messages/count', '55', 'retained_messages  55'],
    ['$SYS/broker/store/messages/count', '1053', 'stored_messages  1053'],
    ['$SYS/broker/store/messages/bytes', '70000', 'stored_bytes  70000'],
    ['$SYS/broker/uptime', '21 seconds', 'uptime_seconds  21'],
    ['$SYS/broker/publish/messages/received', '9', 'messages_received_total  9'],
    ['$SYS/broker/publish/messages/dropped', '2', 'messages_dropped_total  queue_full 2'],
    ['$SYS/broker/messages/received', '12', 'packets_received_total  12'],
    ['$SYS/broker/bytes/sent', '1234567890123', 'bytes_sent_total  1234567890123'],
  ])('%s', (topic, payload, figure) => {
    expect(line(topic, payload)).toBe(figure);
  });
});

describe('HiveMQ', () => {
  test.each([
    ['$SYS/broker/messages/publish/received', '9', 'messages_received_total  9'],
    ['$SYS/broker/messages/retained/count', '4', 'retained_messages  4'],
    ['$SYS/broker/load/bytes/received', '100', 'bytes_received_total  100'],
    ['$SYS/broker/uptime', '21', 'uptime_seconds  21'],
  ])('%s', (topic, payload, figure) => {
    expect(line(topic, payload)).toBe(figure);
  });
});

describe('EMQX', () => {
  const node = '$SYS/brokers/emqx@10.0.0.1';
  test.each([
    [`${node}/stats/live_connections/count`, '3', 'connections emqx@10.0.0.1 3'],
    [`${node}/metrics/messages/dropped/no_subscribers`, '7', 'messages_dropped_total emqx@10.0.0.1 no_subscribers 7'],
    [`${node}/metrics/delivery/dropped/queue_full`, '1', 'messages_dropped_total emqx@10.0.0.1 queue_full 1'],
    [`${node}/uptime`, '5000', 'uptime_seconds emqx@10.0.0.1 5'],
  ])('%s', (topic, payload, figure) => {
    expect(line(topic, payload)).toBe(figure);
  });

  test('connections are those that are there, and not the sessions that may come back', () => {
    expect(line(`${node}/stats/connections/count`, '9')).toBeUndefined();
  });
});

test.each([
  ['$SYS/broker/load/bytes/received/1min', '19.35'],
  ['$SYS/broker/version', 'mosquitto version 2.0.11'],
  ['$SYS/broker/clients/connected', 'many'],
  ['$SYS/broker/clients/connected', '-1'],
  ['$SYS/broker/constructor', '1'],
  ['$SYS/brokers', 'emqx@127.0.0.1'],
  ['$SYS/brokers/emqx@10.0.0.1/clients/a/connected', '{}'],
  ['cars/clients/connected', '1'],
])('%s with %s is no figure', (topic, payload) => {
  expect(sysFigure(topic, payload)).toBeUndefined();
});

test('no topic and no payload make it fail', () => {
  const level = fc.constantFrom(
    '$SYS',
    'broker',
    'brokers',
    'uptime',
    'clients',
    'connected',
    '',
    '__proto__',
    'stats',
  );
  fc.assert(
    fc.property(fc.array(level), fc.string(), (levels, payload) => {
      const figure = sysFigure(levels.join('/'), payload);
      expect(figure === undefined || figure.value >= 0).toBe(true);
    }),
  );
});

test('every metric that $SYS gives is in the table', () => {
  expect(exporterMetricTable.map(({ name }) => name)).toEqual(expect.arrayContaining([...sysMetrics]));
});

test('not a single connect or disconnect of a client is subscribed to', () => {
  const events = '$SYS/brokers/emqx@10.0.0.1/clients/car-1/connected';
  expect(sysFilters.filter(filter => compileFilter(filter).test(events))).toEqual([]);
  expect(sysFilters.some(filter => filter.includes('#'))).toBe(false);
});
