/** Lines of users of a bridge that MQTT clients connect to. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Passwords } from '../../bridge/listen/passwords.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { mkb } from './mkb-process.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder('passwd');
  file = join(folder, 'passwords');
});
afterEach(() => removeFolder(folder));

const verdict = async (text: string, user: string, password: string) => {
  const passwords = new Passwords(async () => text);
  await passwords.reload();
  return passwords.verify(user, Buffer.from(password));
};

test('mkb passwd prints a line that the password fits, and no other', async () => {
  const { code, stdout, stderr } = await mkb(['passwd', 'car-1'], { stdin: 'secret\n' });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^car-1:\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verdict(stdout, 'car-1', 'secret')).toBe('right');
  expect(await verdict(stdout, 'car-1', 'secret\n')).toBe('wrong');
});

test('--file keeps the other users and comments, takes the place of the old line, and nobody else can read it', async () => {
  expect((await mkb(['passwd', 'car-1', '--file', file], { stdin: 'one' })).code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, `# the fleet\n${readFileSync(file, 'utf8')}`);
  expect((await mkb(['passwd', 'car-2', '--file', file], { stdin: 'two' })).code).toBe(0);
  expect((await mkb(['passwd', 'car-1', '--file', file], { stdin: 'three' })).code).toBe(0);
  const text = readFileSync(file, 'utf8');
  expect(text.split('\n')).toHaveLength(4);
  expect(text).toMatch(/^# the fleet\n/);
  expect(await verdict(text, 'car-1', 'three')).toBe('right');
  expect(await verdict(text, 'car-1', 'one')).toBe('wrong');
  expect(await verdict(text, 'car-2', 'two')).toBe('right');
  expect((await mkb(['passwd', 'car-2', '--delete', '--file', file])).code).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toContain('car-2');
});

test.each([
  ['a user name that no line can have', ['passwd', 'a:b'], 'x'],
  ['no password', ['passwd', 'car-1'], ''],
])('%s is refused, with a remedy', async (_what, args, stdin) => {
  const { code, stdout, stderr } = await mkb(args, { stdin });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('remedy:');
});

test('a file that is no file of passwords is left as it is', async () => {
  writeFileSync(file, 'root:x:0:0\n');
  const { code, stderr } = await mkb(['passwd', 'car-1', '--file', file], { stdin: 'x' });
  expect(code).toBe(1);
  expect(stderr).toContain('line 1');
  expect(readFileSync(file, 'utf8')).toBe('root:x:0:0\n');
});
