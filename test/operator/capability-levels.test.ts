/** A claim of docs/capability-levels.md is worth what its test is: one that exists, that is called, and that is skipped on no machine that has what all tests need. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systems } from '../real/systems.ts';

const page = readFileSync('docs/capability-levels.md', 'utf8');
const claims = page
  .split('\n')
  .filter(line => line.startsWith('- '))
  .map(claim => {
    const [, file, title] = /`(test\/[^`]+\.test\.ts)`(?:: (.+))?$/.exec(claim) ?? [];
    return { claim, file: file ?? '', title };
  });

const textOf = (file: string): string => readFileSync(file, 'utf8');

/** Whether a test of this title is called: by `it` or `test`, or by what `.each` of one of them has returned. */
function isCalled(text: string, title: string): boolean {
  const at = text.indexOf(`'${title}'`);
  return at > 0 && /(?:\bit|\btest|\))\($/.test(text.slice(0, at).trimEnd());
}

it.each([
  ["it('a claim', async", true],
  ["test(\n    'a claim',", true],
  ["it.each([1])('a claim'", true],
  ["it.skip('a claim', () =>", false],
  ["it.todo('a claim')", false],
  ["const title = 'a claim';", false],
  ["it('another', () => undefined)", false],
])('of %j it is known whether it is a test of a claim', (text, called) => {
  expect(isCalled(`x\n${text}`, 'a claim')).toBe(called);
});

it('there are claims', () => {
  expect(claims.length).toBeGreaterThan(40);
});

it.each(claims)('$claim', ({ file, title }) => {
  const text = textOf(file);
  if (title !== undefined) expect(isCalled(text, title)).toBe(true);
  expect(text).not.toMatch(/\.(?:skip|todo|only|fails)\b|\b(?:skipIf|runIf)\b|ctx\.skip/);
});

const optional = systems.filter(system => system.optional).map(({ name }) => name as string);

it.each(claims)('nothing that a machine may lack has it skipped: $claim', ({ file, title }) => {
  const text = textOf(file);
  // The suite of the outermost level that the test is in; all of the file where the claim names none.
  const before = title === undefined ? text : text.slice(0, text.indexOf(`'${title}'`));
  const suites = [...before.matchAll(/^describe(?:Real)?\(([^)]*)\)?/gm)].map(([, names]) => names!);
  const needed = (title === undefined ? suites : suites.slice(-1)).flatMap(names => names.match(/[^'\s,]+/g) ?? []);
  expect(needed.filter(name => optional.includes(name))).toEqual([]);
});
