// Files grew until nobody read them to the end. A file is one concept; above 15 KB it is two.
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const mostBytes = 15 * 1024;

it('no source file and no test is larger than 15 KB', () => {
  const files = globSync('**/*.{ts,js,css,html}', {
    cwd: root,
    exclude: name => ['node_modules', '.git', 'dist', 'generated'].includes(name),
  });
  expect(files.length).toBeGreaterThan(1000);
  expect(files.filter(file => statSync(join(root, file)).size > mostBytes)).toEqual([]);
});
