// An example that no longer worked was the first thing that a new user copied.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateFiles } from '../library/document.ts';
import { runSuites } from '../library/testing.ts';

const examples = globSync('examples/*.yaml').sort();

describe.each(examples)('%s', file => {
  it('is valid, without a warning', async () => {
    expect((await validateFiles([file])).problems).toEqual([]);
  });

  it('has a test for each rule, and all of them pass', async () => {
    const { results, problems } = await runSuites([file]);
    expect(problems).toEqual([]);
    expect(results.filter(({ difference }) => difference.length > 0)).toEqual([]);
    const [loaded] = (await validateFiles([file])).documents;
    const tested = new Set(results.map(({ rule }) => rule));
    expect(loaded!.document.spec.rules.map(({ name }) => name).filter(name => !tested.has(name))).toEqual([]);
  });
});

it('each example is on the page, and the page has no other', () => {
  const linked = [...readFileSync('docs/examples.md', 'utf8').matchAll(/\.\.\/(examples\/[\w-]+\.yaml)\)/g)].map(
    ([, file]) => file,
  );
  expect(linked.toSorted()).toEqual(examples);
  expect(examples.length).toBeGreaterThan(5);
});
