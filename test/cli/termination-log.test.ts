import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recordCause } from '../../cli/termination-log.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';

const folder = temporaryFolder('termination-log');
afterAll(() => removeFolder(folder));

test('why a program ends is one line for the kubelet, after those that are there', () => {
  const file = join(folder, 'log');
  writeFileSync(file, 'first\n');
  recordCause('  spec.rules[0]:\n  no such\tfield ', file);
  expect(readFileSync(file, 'utf8')).toBe('first\nspec.rules[0]: no such field\n');
});

test('where there is no such file none is made, and nothing fails', () => {
  const file = join(folder, 'none');
  recordCause('why', file);
  expect(existsSync(file)).toBe(false);
});
