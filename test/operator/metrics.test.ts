import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { kinds } from '../../operator/kinds.ts';
import { registerOperatorMetrics } from '../../operator/metrics.ts';
import type { KubeObject } from '../../operator/runtime/object.ts';
import { resourceOf } from './support/resources.ts';

const bridgeWith = (name: string, ready: string, annotations = {}): KubeObject =>
  resourceOf(
    {},
    { metadata: { name, namespace: 'shop', annotations }, status: { conditions: [{ type: 'Ready', status: ready }] } },
  );

it('counts bridges by their conditions, and names each with all three answers', async () => {
  let bridges = [bridgeWith('a', 'True'), bridgeWith('b', 'False', { 'mqttkafka.dev/paused': 'true' })];
  const registry = new Registry();
  registerOperatorMetrics(registry, () => bridges);
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'mkb_operator_bridges{condition="Ready",status="True"} 1',
      'mkb_operator_bridges{condition="Ready",status="False"} 1',
      'mkb_operator_bridge_condition{namespace="shop",name="a",type="Ready",status="True"} 1',
      'mkb_operator_bridge_condition{namespace="shop",name="a",type="Ready",status="False"} 0',
      'mkb_operator_bridge_condition{namespace="shop",name="a",type="Ready",status="Unknown"} 0',
      'mkb_operator_bridge_paused{namespace="shop",name="a"} 0',
      'mkb_operator_bridge_paused{namespace="shop",name="b"} 1',
    ]),
  );
  bridges = [];
  expect(await registry.metrics()).not.toContain('shop');
});

it('shows a bridge that nobody has looked at yet, with conditions that are not known', async () => {
  const registry = new Registry();
  registerOperatorMetrics(registry, () => [resourceOf()]);
  const text = await registry.metrics();
  expect(text).toContain('mkb_operator_bridge_condition{namespace="shop",name="cars",type="Ready",status="Unknown"} 1');
  expect(text).toContain('mkb_operator_bridges{condition="Ready",status="Unknown"} 1');
});

it('counts no bridges where there are none, and says nothing of them while another operator leads', async () => {
  let bridges: KubeObject[] | undefined = [];
  const registry = new Registry();
  registerOperatorMetrics(registry, () => bridges);
  expect(await registry.metrics()).toContain('mkb_operator_bridges{condition="Ready",status="True"} 0');
  bridges = undefined;
  expect(await registry.metrics()).not.toMatch(/^mkb_operator_bridge/m);
});

it('counts from 0, so that Prometheus sees the first thing that happens', async () => {
  const registry = new Registry();
  const metrics = registerOperatorMetrics(registry, () => undefined);
  expect(await registry.metrics()).toContain('mkb_operator_watch_missed_events_total{kind="Pod"} 0');
  expect(await registry.metrics()).toContain('mkb_operator_corrections_total{kind="Service"} 0');
  metrics.missed(kinds.pod, 3);
  metrics.listed(kinds.pod);
  metrics.corrected('Service');
  const text = await registry.metrics();
  expect(text).toContain('mkb_operator_watch_missed_events_total{kind="Pod"} 3');
  expect(text).toContain('mkb_operator_watch_lists_total{kind="Pod"} 1');
  expect(text).toContain('mkb_operator_corrections_total{kind="Service"} 1');
});
