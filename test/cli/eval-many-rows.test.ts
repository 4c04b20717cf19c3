/** `mkb eval` put all rows of a message together before it printed the first, and ran out of memory where a bridge did. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const list = Array.from({ length: 600 }, (_, index) => index);
const payload = JSON.stringify({ list, filler: 'x'.repeat(257_000 - JSON.stringify(list).length) });

test('rows that each hold a large payload are printed as they are made', async () => {
  const program = join(import.meta.dirname, '..', '..', 'cli', 'mkb.ts');
  const sql = 'FOREACH payload.list AS i DO i, payload FROM "#"';
  const args = ['--max-old-space-size=80', program, 'eval', sql, '--topic', 'a', '--payload-file', '-'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(payload);
  let lines = 0;
  for await (const chunk of child.stdout) for (const byte of chunk as Buffer) if (byte === 10) lines++;
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  expect([code, lines]).toEqual([0, 600]);
});
