import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { historyFile, readHistory, writeHistory } from '../../cli/repl-history.ts';
import { mkb } from './mkb-process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-repl-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('lines that are piped in are answered, without prompts, to the end of the input', async () => {
  const stdin = 'payload.a\nSELECT b\nFROM "x/{b}"\nSELECT 1';
  const outcome = await mkb(['repl', '--topic', 'x/y', '--payload', '{"a": 5}'], { stdin });
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toBe(
    '5\n{"b":"y"}\nSELECT 1\n        ^\nerror: found the end of the rule, expected `,` or FROM.\n',
  );
});

it('.exit ends it, whatever comes after', async () => {
  const { stdout } = await mkb(['repl'], { stdin: '1\n.exit\n2\n', env: { XDG_STATE_HOME: folder } });
  expect(stdout).toBe('1\n');
});

it('the history is read as it was written, for its user alone', async () => {
  const file = historyFile({ XDG_STATE_HOME: folder });
  writeHistory(file, ['newest', 'oldest']);
  expect(readHistory(file)).toEqual(['newest', 'oldest']);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('the history keeps the newest 500 lines', () => {
  const file = path.join(folder, 'history');
  writeHistory(
    file,
    Array.from({ length: 600 }, (_, index) => `line ${index}`),
  );
  expect([readHistory(file).length, readHistory(file)[0]]).toEqual([500, 'line 0']);
});

it('a history that cannot be read or written is none', async () => {
  expect(readHistory(path.join(folder, 'none'))).toEqual([]);
  writeHistory('/dev/null/history', ['a']);
  expect(await readdir(folder)).toEqual([]);
});
