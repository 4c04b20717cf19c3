/** Words that stop readers for whom English is a second language, and what to write instead. The decisions keep theirs: they are history. */
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const files = globSync('**/*.{ts,js,md}', {
  cwd: root,
  exclude: ['**/node_modules/**', 'dist/**', 'docs/decisions/**', 'test/english.test.ts'],
});

/** Whole words, in any case. */
const avoided: readonly (readonly [words: string, instead: string])[] = [
  ['anew', 'again'],
  ['for good', 'permanently'],
  ['mend|mends|mended', 'fix, repair'],
  ['amongst|whilst|hitherto|thereof|therein|herein', 'among, while, so far, of it, in it'],
  ['utilize|utilise|utilizes|utilises', 'use'],
];

test('reads every text', () => {
  expect(files.length).toBeGreaterThan(1000);
});

test.each(avoided)('no text says "%s" (write: %s)', words => {
  const pattern = new RegExp(`\\b(?:${words})\\b`, 'i');
  const found = files.flatMap(file =>
    readFileSync(new URL(file, root), 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );
  expect(found).toEqual([]);
});
