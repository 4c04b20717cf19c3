import { expect, it } from 'vitest';
import { functionNames } from '../../rules/functions/registry.ts';
import { aggregates } from '../../rules/windows/aggregates.ts';
import { mkb } from './mkb-process.ts';

it('lists every function', async () => {
  const { code, stdout } = await mkb(['functions']);
  const listed = stdout.split('\n').flatMap(line => /^ {2}(\w+) /.exec(line)?.[1] ?? []);
  expect(code).toBe(0);
  expect(listed).toEqual(functionNames);
  expect(stdout).toContain('\nAggregates\n  COUNT(*)           How many messages there were.\n');
});

it('tells of an aggregate in any case, beside a function of the same name', async () => {
  expect((await mkb(['functions', 'avg'])).stdout).toBe(
    'AVG(x)\n\nThe mean, always a float. For rules with GROUP BY.\n',
  );
  const { stdout } = await mkb(['functions', 'first']);
  expect(stdout).toMatch(/^Maps and lists\n {2}first .*\n\nAggregates\n {2}FIRST\(x\) .*\n$/);
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
  const aggregated = aggregates.map(({ name }) => name);
  expect(entries.map(({ name }) => name)).toEqual([...functionNames, ...aggregated]);
  for (const { name, signature } of entries) expect(signature.startsWith(`${name}(`)).toBe(true);
});

it('ends with 1 for a name that is none, and suggests one', async () => {
  const { code, stderr } = await mkb(['functions', 'substrr']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('Did you mean substr?')]);
});
