// The reference of errors printed "the schema undefined": a message was made of details of another shape than the generator gave it.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { errorReference } from '../../scripts/error-reference.ts';

const root = path.resolve(import.meta.dirname, '../..');
const pages = globSync('docs/reference/*.md', { cwd: root });

test.each(pages)('%s holds no value that was not there when it was made', page => {
  const text = readFileSync(path.join(root, page), 'utf8');
  // Undefined is a value of the rule language, which its own page explains.
  const words = page.endsWith('/rules.md') ? /\[object|NaN|\{undefined/ : /undefined|\[object|NaN/;
  expect(text.split('\n').filter(line => words.test(line))).toEqual([]);
});

test('the reference of errors shows a detail of any shape by its name', () => {
  const page = errorReference();
  expect(page).toContain('the schema {registration.schema} yet');
  expect(page).toContain('"{topic}" cannot be the name of a Kafka topic');
  expect(page).not.toContain('=> ');
});
