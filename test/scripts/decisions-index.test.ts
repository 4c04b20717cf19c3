// Two decisions had the number 22 and two 23, and no page listed them: who was sent to "decision 22" read the wrong one.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { decisionPages, decisionsIndex } from '../../scripts/decisions-index.ts';

const folder = path.resolve(import.meta.dirname, '../../docs/decisions');
const page = (file: string, ...lines: string[]) => ({ file, text: lines.join('\n') });

test('the index lists every decision once, and each link leads to a page', () => {
  const index = decisionsIndex();
  const pages = decisionPages();
  expect([...index.matchAll(/^\| \d+ \| \[.*?\]\(([^)]+)\)/gm)].map(([, file]) => file)).toEqual(
    pages.map(({ file }) => file),
  );
  for (const { file, text } of pages) {
    for (const [, target] of `${index}\n${text}`.matchAll(/\]\((\d{4}-[^)#]+)/g)) {
      expect(existsSync(path.join(folder, target!)), `${file}: ${target}`).toBe(true);
    }
  }
});

test('a decision is listed with its status and what amended or replaced it', () => {
  const index = decisionsIndex([
    page('0001-a.md', '# 1. First', '', 'Accepted, 2026-01-31. Amended by [2](0002-b.md).', '', 'Text.'),
    page('0002-b.md', '# 2. Second', '', 'Replaced, 2026-02-01. By [3](0003-c.md).', ''),
    page('0003-c.md', '# 3. Third', '', 'Accepted, 2026-02-02.', ''),
  ]);
  expect(index.split('\n').slice(-4, -1)).toEqual([
    '| 1 | [First](0001-a.md) | accepted, amended by [2](0002-b.md) | 2026-01-31 |',
    '| 2 | [Second](0002-b.md) | replaced by [3](0003-c.md) | 2026-02-01 |',
    '| 3 | [Third](0003-c.md) | accepted | 2026-02-02 |',
  ]);
});

test.each([
  ['no status', [page('0001-a.md', '# 1. First', '', 'Text.')], /0001-a\.md must begin with "# 1\. Title"/],
  ['no number', [page('0001-a.md', '# First', '', 'Accepted, 2026-01-31.')], /must begin/],
  ['another number', [page('0002-a.md', '# 1. First', '', 'Accepted, 2026-01-31.')], /must begin/],
  [
    'the number of another page',
    [
      page('0001-a.md', '# 1. First', '', 'Accepted, 2026-01-31.'),
      page('0001-b.md', '# 1. Second', '', 'Accepted, 2026-01-31.'),
    ],
    /0001-a\.md and 0001-b\.md have one number/,
  ],
] as const)('a page with %s fails the check', (_what, pages, message) => {
  expect(() => decisionsIndex(pages)).toThrow(message);
});
