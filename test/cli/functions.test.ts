import { expect, it } from 'vitest';
import { functionNames } from '../../rules/functions/registry.ts';
import { mkb } from './mkb-process.ts';

it('lists every function', async () => {
  const { code, stdout } = await mkb(['functions']);
  const listed = stdout.split('\n').flatMap(line => /^ {2}(\w+) /.exec(line)?.[1] ?? []);
  expect(code).toBe(0);
  expect(listed).toEqual(functionNames);
});

it('tells of one function its signature, meaning and examples', async () => {
  const { stdout } = await mkb(['functions', 'substr']);
  expect(stdout).toMatch(/^substr\(.*\) -> text\n\n.*\n\n( {2}substr\(.*\) {2}is {2}".*"\n)+$/);
});

it('lists functions whose meaning has a word', async () => {
  const { stdout } = await mkb(['functions', 'base64']);
  expect(stdout).toContain('base64_encode');
  expect(stdout).not.toContain('substr');
});

it('prints all for programs', async () => {
  const entries = JSON.parse((await mkb(['functions', '--json'])).stdout) as { name: string; signature: string }[];
  expect(entries.map(({ name }) => name)).toEqual(functionNames);
  for (const { name, signature } of entries) expect(signature.startsWith(`${name}(`)).toBe(true);
});

it('ends with 1 for a name that is none, and suggests one', async () => {
  const { code, stderr } = await mkb(['functions', 'substrr']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('Did you mean substr?')]);
});
