/** docs/testing-rules.md: what the page shows is what happens. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkb } from './mkb-process.ts';

const page = await readFile(new URL('../../docs/testing-rules.md', import.meta.url), 'utf8');

/** A file of the page, by the name in its first line. */
const fileOf = (name: string): string => {
  const text = page.split('```yaml\n').find(block => block.startsWith(`# ${name}\n`));
  return text!.split('```')[0]!;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-page-'));
  await writeFile(path.join(folder, 'speeding.yaml'), fileOf('speeding.yaml'));
});
afterAll(() => rm(folder, { recursive: true }));

it('the page has no command but those that are run here', () => {
  const commands = [...page.matchAll(/```sh\n(.*?)\n```/gs)].map(([, command]) =>
    command!.split(' ').slice(0, 2).join(' '),
  );
  expect(commands).toEqual(['mkb eval', 'mkb test', 'mkb explain']);
});

it('the rule that is tried gives a row', async () => {
  const [, sql] = /mkb eval '(.*?)' --topic/.exec(page)!;
  const { stdout } = await mkb(['eval', sql!, '--topic', 'cars/7', '--payload', '{"speed": 50}']);
  expect(stdout).toBe('{"speed":50,"vin":"7"}\n');
});

it('its tests pass, and miss one level', async () => {
  const { code, stdout } = await mkb(['test', path.join(folder, 'speeding.yaml'), '--coverage']);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/3 tests: all passed.*never taken .*WHEN payload\.speed > 180/s),
  ]);
});

it('the tests of a rule that remembers pass', async () => {
  const file = path.join(folder, 'means.yaml');
  await writeFile(file, fileOf('means.yaml'));
  const { code, stdout } = await mkb(['test', file]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 test: all passed')]);
  await rm(file);
});

it.each([
  ['a schema of a registry', ['positions.yaml', 'positions_test.yaml']],
  ['events', ['losses.yaml']],
])('the tests of a rule with %s pass', async (_what, names) => {
  const apart = await mkdtemp(path.join(tmpdir(), 'mkb-page-'));
  for (const name of names) await writeFile(path.join(apart, name), fileOf(name));
  const { code, stdout } = await mkb(['test', apart]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 test: all passed')]);
  await rm(apart, { recursive: true });
});

it('with the tests of the other file none is missed', async () => {
  await writeFile(path.join(folder, 'speeding_test.yaml'), fileOf('speeding_test.yaml'));
  const { stdout } = await mkb(['test', folder, '--coverage']);
  expect(stdout).toMatch(/4 tests: all passed.*branches of CASE: 2 of 2/s);
});

it('the rule is explained', async () => {
  const { stdout } = await mkb(['explain', path.join(folder, 'speeding.yaml')]);
  expect(stdout).toContain('reads    payload.speed, vin\n');
  expect(stdout).toContain('payload  is parsed as JSON');
});
