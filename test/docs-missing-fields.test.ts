// The page on missing fields promises values; a reader copies them into a rule.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileRule } from '../rules/compile.ts';
import { encodeJson } from '../rules/json.ts';
import { evaluated, passes, thrownBy } from './rules/support/evaluate.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../docs/missing-fields.md'), 'utf8');
const payload = { speed: 50, none: null, tags: ['a'] };

/** Rows of the tables whose head has these words. */
const rowsUnder = (head: string): [expression: string, value: string][] => {
  const tables = page.split(/\n\n/).filter(part => part.startsWith(head));
  return tables.flatMap(table =>
    table
      .split('\n')
      .slice(2)
      .map(line => {
        const [, expression, value] = /^\| `(.+?)` \| (.+) \|$/.exec(line)!;
        return [expression!, value!] as [string, string];
      }),
  );
};

const shown = (value: ReturnType<typeof evaluated>): string => {
  if (value === undefined) return 'undefined';
  return typeof value === 'boolean' ? String(value) : `\`${encodeJson(value)}\``;
};

describe('the page shows', () => {
  test.each(rowsUnder('| expression | value |'))('%s is %s', (expression, value) => {
    expect(shown(evaluated(expression, payload))).toBe(value === 'unknown' ? 'undefined' : value);
    if (['unknown', 'true', 'false'].includes(value)) expect(passes(expression, payload)).toBe(value === 'true');
  });

  test.each(rowsUnder('| expression | error |'))('%s fails: %s', (expression, message) => {
    expect(thrownBy(() => evaluated(expression, payload)).message).toBe(message);
  });

  test('rules that can be loaded', () => {
    const rules = [...page.matchAll(/```sql\n(.+?)\n```/gs)].map(([, sql]) => sql!);
    expect(rules).toHaveLength(2);
    for (const sql of rules) expect(() => compileRule(sql)).not.toThrow();
  });
});

test('NOT unknown is unknown, so a condition and its opposite both leave the message out', () => {
  const conditions = rowsUnder('| expression | value |').filter(([, value]) => value === 'unknown');
  expect(conditions.length).toBeGreaterThan(8);
  for (const [condition] of conditions) {
    expect(passes(condition, payload)).toBe(false);
    expect(passes(`NOT (${condition})`, payload)).toBe(false);
  }
});
