import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { long } from '../faults.ts';
import { rows } from './rows.ts';
import { keyOf, rowsOn, tableOf, withTable } from './table.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'reliability.md'), 'utf8');

// Long runs have other outages, and so other names.
test.skipIf(long)('docs/reliability.md has a row for each thing that npm run proof proves, and no other', () => {
  expect(rowsOn(page).map(keyOf)).toEqual(rows.map(keyOf));
  expect(new Set(rows.map(keyOf)).size).toBe(rows.length);
});

test('nothing that was promised is lost on docs/reliability.md', () => {
  expect(rowsOn(page).filter(({ lost }) => lost !== '0')).toEqual([]);
});

test('what a proof has counted is what stands on the page', () => {
  const proof = { ...rows[0]!, messages: 4000, lost: 0, dropped: 12, duplicated: 3 };
  const text = withTable('before\n<!-- proof -->\nold\n<!-- /proof -->\nafter', tableOf([proof]));
  expect(text).toContain(`| ${proof.way} | ${proof.fault} | 4,000 | 0 | 12 | 3 | ${proof.systems} |`);
  expect(text).not.toContain('old');
  expect(rowsOn(text).map(keyOf)).toEqual([keyOf(proof)]);
});
