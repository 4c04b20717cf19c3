// The operator kept each document as it was: two hundred of a megabyte, which anyone with a namespace may write, were all of its memory.
import { expect, it } from 'vitest';
import { ObservedBridges, referredKeys } from '../../../operator/observed/observed-bridges.ts';
import { isPartial } from '../../../operator/observed/observed-objects.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { resourceOf } from '../support/resources.ts';

const padded = (name: string, bytes: number, namespace = 'shop', more: object = {}): KubeObject => {
  const password = { valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } };
  const mqtt = { url: 'mqtt://mosquitto', auth: { username: 'u', password } };
  const resource = resourceOf({ mqtt }, { metadata: { name, namespace, uid: `uid-${name}`, generation: 3 } });
  return { ...resource, ...more, spec: { ...(resource.spec as object), padding: 'x'.repeat(bytes) } };
};

it('a document is kept whole while its namespace has room', () => {
  const bridges = new ObservedBridges(20_000);
  const whole = (resource: KubeObject) => !isPartial(bridges.observed(resource));
  expect(whole(padded('a', 10_000))).toBe(true);
  expect(whole(padded('b', 10_000))).toBe(false);
  expect(whole(padded('b', 10_000, 'harbour'))).toBe(true);
  bridges.forget(padded('a', 10_000));
  expect(whole(padded('b', 10_000))).toBe(true);
});

it('of a partial one its version, its status and what it refers to are kept', () => {
  const status = { sessions: 4, conditions: [] };
  const kept = new ObservedBridges(0).observed(padded('cars', 100_000, 'shop', { status }));
  expect(kept).toMatchObject({ metadata: { name: 'cars', namespace: 'shop', uid: 'uid-cars', generation: 3 }, status });
  expect(referredKeys(kept)).toContain('Secret/shop/login');
  expect(JSON.stringify(kept).length).toBeLessThan(1000);
});

const many = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'x'.repeat(60)]));
const nested = (levels: number): object => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
const references = (count: number) => ({
  bridge: {
    podTemplate: {
      spec: {
        volumes: Array.from({ length: count }, (_, index) => ({
          name: `v${index}`,
          secret: { secretName: `secret-${index}` },
        })),
      },
    },
  },
});

it.each<[string, Partial<KubeObject>]>([
  ['levels within levels', { spec: nested(9000) }],
  ['a status of levels within levels', { status: nested(9000) }],
  ['a large status', { status: many(10_000) }],
  ['100,000 values', { spec: { rules: Array.from({ length: 100_000 }, () => []) } }],
  ['ten thousand references', { spec: { ...(resourceOf().spec as object), ...references(10_000) } }],
  ['large annotations', { metadata: { ...resourceOf().metadata, annotations: many(4000) as Record<string, string> } }],
])('and little of one with %s', (_, more) => {
  const resource = { ...resourceOf(), ...more } as KubeObject;
  const kept = new ObservedBridges(1000).observed(resource);
  expect(isPartial(kept)).toBe(true);
  expect(JSON.stringify(kept).length).toBeLessThan(60_000);
});
