// A page was renamed, and readers of four others met a page that is not there.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errors } from '../api/errors.ts';

const root = join(import.meta.dirname, '..');
const pages = globSync('**/*.md', {
  cwd: root,
  exclude: name => ['node_modules', 'dist', '.git'].includes(name),
}).sort();

/** A page without its code, in which brackets mean other things. */
const textOf = (page: string): string =>
  readFileSync(join(root, page), 'utf8')
    .replaceAll(/^( *)```[\s\S]*?^\1```/gm, '')
    .replaceAll(/^ {4,}\S.*$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '`code`');

const withCode = (page: string): string => readFileSync(join(root, page), 'utf8');

/** As GitHub names headings: lower case, spaces to hyphens, without other signs; a second of a name gets `-1`. */
const anchorsOf = (page: string): ReadonlySet<string> => {
  const seen = new Map<string, number>();
  const anchors = [
    ...withCode(page)
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#{1,6} +(.*)$/gm),
  ].map(([, heading]) => {
    const name = heading!
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
  return new Set(anchors);
};

interface Link {
  readonly page: string;
  readonly target: string;
}

const links: readonly Link[] = pages.flatMap(page =>
  [...textOf(page).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, target]) => ({ page, target: target! })),
);
const inside = links.filter(({ target }) => !/^[a-z]+:/.test(target));

const brokenPart = ({ page, target }: Link): string | undefined => {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : relative(root, join(root, dirname(page), file));
  if (!existsSync(join(root, path))) return `${page}: ${target} is not there`;
  if (!anchor || statSync(join(root, path)).isDirectory() || !path.endsWith('.md')) return undefined;
  return anchorsOf(path).has(anchor) ? undefined : `${page}: ${path} has no heading #${anchor}`;
};

/** What of a page looks like the code of an error: its first word is one that codes begin with, and there are three of them. */
const codesOf = (page: string): string[] => {
  const families = new Set(Object.keys(errors).map(code => code.split('-')[0]));
  const found = [...withCode(page).matchAll(/`([a-z]+(?:-[a-z0-9]+){2,})`/g)].map(([, code]) => code!);
  return found.filter(code => families.has(code.split('-')[0]));
};

it('the error codes of the troubleshooting page are those of the table', () => {
  const page = 'docs/troubleshooting.md';
  expect(codesOf(page).length).toBeGreaterThan(4);
  expect(codesOf(page).filter(code => !(code in errors))).toEqual([]);
});

/** The pages that a page leads to; of a folder, its README. */
const pagesLinkedFrom = (page: string): readonly string[] =>
  inside
    .filter(link => link.page === page && !link.target.startsWith('#'))
    .map(({ target }) => relative(root, join(root, dirname(page), target.split('#')[0]!)))
    .map(path => (path.endsWith('.md') ? path : join(path, 'README.md')))
    .filter(path => pages.includes(path));

describe('links of pages', () => {
  it('lead to files and headings that are there', () => {
    expect(inside.length).toBeGreaterThan(300);
    expect(inside.map(brokenPart).filter(each => each !== undefined)).toEqual([]);
  });

  it('bring a reader from the README to every page', () => {
    const reached = new Set<string>(['README.md']);
    // A set gives what is added while it is walked, too.
    for (const page of reached) for (const next of pagesLinkedFrom(page)) reached.add(next);
    const forReaders = pages.filter(page => page.startsWith('docs/') || !page.includes('/'));
    expect(forReaders.filter(page => !reached.has(page))).toEqual([]);
  });
});
