// An alert that asks for the connection to a broker fired for ever for a bridge that has none, since clients connect to it.
import mqtt from 'mqtt';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { registerMetrics } from '../../../bridge/observe/metrics.ts';
import { until } from '../../real/until.ts';
import { echo } from './support/scene.ts';
import { fleetRule, type Stage, stage } from './support/stage.ts';

/** Metrics by which alerts say that a bridge has lost one of its sides, or holds something up, and what they are when all is well. */
const well: Readonly<Record<string, number>> = {
  mkb_mqtt_connected: 1,
  mkb_mqtt_connections_total: 0,
  mkb_kafka_connected: 1,
  mkb_window_messages: 0,
  mkb_acknowledgements_held_back: 0,
  mkb_topic_waiting_seconds: 0,
  mkb_messages_in_flight: 0,
};
/** Of a publisher at a broker, which such a bridge does not have either. */
const absent = ['mkb_publisher_connected', 'mkb_publisher_connections_total'];

async function samples({ bridge }: Stage): Promise<[name: string, value: number][]> {
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  const lines = (await registry.metrics()).split('\n').filter(line => line.startsWith('mkb_'));
  return lines.map(line => [/^[a-z0-9_]+/.exec(line)![0], Number(line.slice(line.lastIndexOf(' ') + 1))]);
}

test('no alert has a reason to fire for a bridge that clients connect to, publish to, and subscribe at', async () => {
  await using current = await stage({ rules: [fleetRule, echo] });
  const client = await mqtt.connectAsync(current.url, { protocolVersion: 5 });
  await client.subscribeAsync('cars/#', { qos: 1 });
  await client.publishAsync('cars/1', 'x', { qos: 1 });
  await until('nothing to be in flight', async () =>
    (await samples(current)).every(([name, value]) => name !== 'mkb_messages_in_flight' || value === 0),
  );
  const found = await samples(current);
  for (const [name, value] of found) if (name in well) expect([name, value]).toEqual([name, well[name]]);
  const names = new Set(found.map(([name]) => name));
  expect(Object.keys(well).filter(name => !names.has(name))).toEqual([]);
  expect(absent.filter(name => names.has(name))).toEqual([]);
  expect(current.bridge.missing()).toEqual([]);
  await client.endAsync();
});
