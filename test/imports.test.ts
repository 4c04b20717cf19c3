/**
 * The structure that the folders promise: no file depends on itself through others, be it by a type only. A circle means that none of its files
 * can be read, tested or moved without all the others. (Which folder may import which is checked by the linter, in biome.json.)
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders = [
  'api',
  'rules',
  'network',
  'bridge',
  'operator',
  'exporter',
  'dashboards',
  'demo',
  'cli',
  'deploy',
  'scripts',
  'bench',
];
const files = folders.flatMap(folder => globSync(`${folder}/**/*.ts`, { cwd: root }));

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)].map(([, path]) =>
    join(dirname(file), path!),
  );

/** The first circle found, as the files in the order in which they import one another; undefined if there is none. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (finished.has(file)) return undefined;
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    trail.push(file);
    for (const next of imports.get(file) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    trail.pop();
    finished.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}

it('no file imports itself through others, of types neither', () => {
  const imports = new Map(files.map(file => [file, importsOf(file)]));
  expect([...imports.values()].flat().length).toBeGreaterThan(files.length);
  expect(circleIn(imports)).toBeUndefined();
});

it('a circle is found, be it of three files', () => {
  expect(
    circleIn(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', []],
        ['d', ['a']],
      ]),
    ),
  ).toEqual(['a', 'b', 'd', 'a']);
});
