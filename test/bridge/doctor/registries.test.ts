// A registry that refused the login showed only when the first message waited for its schema.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Check } from '../../../bridge/doctor/check.ts';
import { checkRegistries } from '../../../bridge/doctor/registries.ts';
import { prepareRegistries } from '../../../bridge/registry/registries.ts';
import { schemasOf } from '../../../rules/schemas/schemas.ts';
import { documentOf, load } from '../../api/support/documents.ts';
import { SchemaRegistry } from '../../support/schema-registry.ts';

let registry: SchemaRegistry;
beforeAll(async () => {
  registry = await SchemaRegistry.start();
  registry.add('cars-value', { id: 7, schema: '{"type": "string"}' });
});
afterAll(() => registry.stop());
beforeEach(() => {
  registry.failure = undefined;
  registry.asked.length = 0;
});

async function look(more: object): Promise<Check[]> {
  const document = documentOf({ schemas: [{ name: 'cars', registry: { url: registry.url, ...more } }] });
  const { spec } = load(document).documents[0]!.document;
  const registries = await prepareRegistries(spec.schemas, schemasOf(spec.schemas), { secretsDir: '' });
  try {
    const checks: Check[] = [];
    for await (const check of checkRegistries(registries)) checks.push(check);
    return checks;
  } finally {
    registries.close();
  }
}

it.each<[string, object, object | undefined, string]>([
  ['has what is written with', { subject: 'cars-value' }, undefined, 'ok has the subject cars-value'],
  ['has no such subject', { subject: 'nope' }, undefined, 'failed registry-schema-missing'],
  ['is only read from', {}, undefined, 'ok answers, and lets us in'],
  ['refuses the login', {}, { status: 401 }, 'failed registry-not-authorised'],
  ['refuses the login to a subject', { subject: 'cars-value' }, { status: 403 }, 'failed registry-not-authorised'],
  ['has a fault', {}, { status: 500 }, 'failed registry-failed'],
])('a registry that %s is found to', async (_name, more, failure, expected) => {
  registry.failure = failure as never;
  const [check, ...others] = await look(more);
  expect(`${check!.state} ${check!.code ?? check!.detail}`).toBe(expected);
  expect([check!.name, others, check!.remedy !== undefined]).toEqual([
    `schema cars at ${registry.url}`,
    [],
    check!.state === 'failed',
  ]);
  expect(registry.asked.length).toBeGreaterThan(0);
});

it('a registry that is down is found', async () => {
  const [check] = await look({ url: 'http://127.0.0.1:1' });
  expect([check!.state, check!.code]).toEqual(['failed', 'registry-unreachable']);
});
