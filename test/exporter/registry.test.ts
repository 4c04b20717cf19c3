import { expect, test } from 'vitest';
import { aliases } from '../../exporter/aliases.ts';
import { exporterMetricTable } from '../../exporter/metrics.ts';
import { Readings } from '../../exporter/readings.ts';
import { exporterRegistry } from '../../exporter/registry.ts';
import { scrape } from './support/scrape.ts';

const options = { maxAgeMs: 30_000, now: () => 0 };

test('a scrape shows the values of all targets, and after the next one not more than that', async () => {
  const [a, b] = [new Readings('a', options), new Readings('b', options)];
  a.set('mqtt_broker_messages_received_total', { node: '' }, 5);
  b.set('mqtt_broker_messages_received_total', { node: '' }, 7);
  const registry = exporterRegistry([a, b]);
  await registry.metrics();
  expect((await scrape(registry)).series('mqtt_broker_messages_received_total')).toEqual([5, 7]);
});

test('a counter that begins again is shown so', async () => {
  const readings = new Readings('a', options);
  const registry = exporterRegistry([readings]);
  readings.set('mqtt_broker_bytes_sent_total', { node: '' }, 100);
  await registry.metrics();
  readings.set('mqtt_broker_bytes_sent_total', { node: '' }, 3);
  expect((await scrape(registry)).value('mqtt_broker_bytes_sent_total')).toBe(3);
});

test.each(exporterMetricTable)('$name keeps the rules of names', ({ name, type, labels, help }) => {
  expect(name).toMatch(/^(mqtt_broker|mqtt_probe|mqtt_client|emqx|kafka|exporter)_[a-z_]*[a-z]$/);
  expect(name.endsWith('_total')).toBe(type === 'counter');
  expect(labels[0]).toBe('target');
  expect(help).toMatch(/\.$/);
});

test('no metric is there twice', () => {
  const names = exporterMetricTable.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('with aliases, the figures of Kafka are there under the names of kafka_exporter too', async () => {
  const readings = new Readings('a', options);
  readings.set('kafka_topic_end_offset', { topic: 'cars' }, 7);
  readings.set('kafka_consumer_group_lag_messages', { group: 'g', topic: 'cars' }, 3);
  const without = await scrape(exporterRegistry([readings]));
  expect(without.series('kafka_consumergroup_lag')).toEqual([]);
  const scraped = await scrape(exporterRegistry([readings], { withAliases: true }));
  expect(scraped.value('kafka_topic_partition_current_offset', { topic: 'cars' })).toBe(7);
  expect(scraped.value('kafka_consumergroup_lag', { consumergroup: 'g', topic: 'cars' })).toBe(3);
  expect(scraped.value('kafka_consumer_group_lag_messages', { group: 'g', topic: 'cars' })).toBe(3);
});

test('an alias is of a metric that there is, and is called as none of ours', () => {
  const names = exporterMetricTable.map(({ name }) => name);
  for (const { name, of } of aliases) {
    expect(names).toContain(of);
    expect(names).not.toContain(name);
  }
});
