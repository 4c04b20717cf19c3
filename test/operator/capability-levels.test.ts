import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/capability-levels.md', 'utf8');
const claims = page.split('\n').filter(line => line.startsWith('- '));

it('every claim about the operator names a test that exists', () => {
  expect(claims.length).toBeGreaterThan(20);
  for (const claim of claims) {
    const [, file, title] = /`(test\/[^`]+\.test\.ts)`(?:: (.+))?$/.exec(claim) ?? [];
    expect(file, claim).toBeDefined();
    expect(existsSync(file!), file).toBe(true);
    if (title !== undefined) expect(readFileSync(file!, 'utf8')).toContain(`'${title}'`);
  }
});
