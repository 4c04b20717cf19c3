import { describe, expect, it } from 'vitest';
import { documentField } from '../../../api/bridge.ts';
import { durationPattern } from '../../../api/durations.ts';
import type { Path } from '../../../api/problems.ts';
import type { Field } from '../../../api/schema/fields.ts';
import { checkShape, fillDefaults } from '../../../api/shape.ts';
import { bytesPattern, durationMs } from '../../../api/units.ts';

const walk = (field: Field, path: Path = []): { path: string; field: Field }[] => [
  { path: path.join('.'), field },
  ...Object.entries(field.properties ?? {}).flatMap(([name, inner]) => walk(inner, [...path, name])),
  ...(field.items ? walk(field.items, [...path, '[]']) : []),
  ...(field.additionalProperties ? walk(field.additionalProperties, [...path, '*']) : []),
];

const fields = walk(documentField);

describe('every field', () => {
  it.each(
    fields.map(({ path, field }) => [path, field] as const),
  )('%s has one type and a sentence about it', (_, field) => {
    expect(['object', 'array', 'string', 'integer', 'boolean']).toContain(field.type);
    expect(field.description).toMatch(/^[A-Z`$].{5,}[.]$/s);
    expect(Object.keys(field)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(anyOf|oneOf|allOf|not|\$ref)$/)]),
    );
  });

  it('with a default has one that its own schema allows', () => {
    const withDefault = fields.filter(({ field }) => field.default !== undefined);
    expect(withDefault.length).toBeGreaterThan(25);
    for (const { path, field } of withDefault) {
      expect([path, checkShape(field, fillDefaults(field, field.default))]).toEqual([path, []]);
    }
  });

  it('with an exactly-one-of leaves each of the fields in question out', () => {
    for (const { field } of fields) {
      for (const name of field['x-exactly-one-of'] ?? []) expect(field.required ?? []).not.toContain(name);
    }
  });

  it('with a pattern has one that Kubernetes can read: RE2 neither looks around nor back', () => {
    const patterns = [durationPattern, bytesPattern, ...fields.flatMap(({ field }) => field.pattern ?? [])];
    expect(patterns.length).toBeGreaterThan(10);
    for (const pattern of patterns) expect(pattern).not.toMatch(/\(\?[=!<]|\\[1-9]/);
  });

  it('that is a quantity has a range that can be read', () => {
    const durations = fields
      .flatMap(({ field }) => field['x-quantity'] ?? [])
      .filter(({ unit }) => unit === 'duration');
    for (const { min, max } of durations) expect(durationMs(min)).toBeLessThan(durationMs(max));
  });

  it('is known by a name in camelCase', () => {
    const names = fields.flatMap(({ field }) => Object.keys(field.properties ?? {}));
    for (const name of names) expect(name).toMatch(/^[a-z][a-zA-Z]*$/);
  });
});
