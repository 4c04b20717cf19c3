import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
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
