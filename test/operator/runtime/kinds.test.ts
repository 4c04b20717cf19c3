import { expect, it } from 'vitest';
import { groupPath, pathOf, type ResourceKind } from '../../../operator/runtime/kinds.ts';

const secret: ResourceKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
const node: ResourceKind = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const job: ResourceKind = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true };

it.each([
  [pathOf(secret), '/api/v1/secrets'],
  [pathOf(secret, 'shop'), '/api/v1/namespaces/shop/secrets'],
  [pathOf(secret, 'shop', 'mqtt'), '/api/v1/namespaces/shop/secrets/mqtt'],
  [pathOf(job, 'shop', 'a', 'status'), '/apis/batch/v1/namespaces/shop/jobs/a/status'],
  [pathOf(node, 'ignored', 'n1'), '/api/v1/nodes/n1'],
  [groupPath('v1'), '/api/v1'],
  [groupPath('batch/v1'), '/apis/batch/v1'],
])('%s is %s', (path, expected) => {
  expect(path).toBe(expected);
});

it('a name is never read as anything else of a URL', () => {
  expect(pathOf(secret, 'a&b', 'c?d#e')).toBe('/api/v1/namespaces/a%26b/secrets/c%3Fd%23e');
});

it.each(['.', '..', 'a/b', '../kafka', '%2e%2e', 'a%2fb'])('a name never leads to another place: %s', name => {
  // A document that named `..` as a Secret made the operator read something else with its own rights.
  expect(() => pathOf(secret, 'shop', name)).toThrow('not a name');
  expect(() => pathOf(secret, name, 'shop')).toThrow('not a name');
});
