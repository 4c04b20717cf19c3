import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Bench, range } from '../bridge/buffer/support/bench-buffer.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { until } from '../real/until.ts';
import { mkb } from './mkb-process.ts';

let path: string;
let bench: Bench;
beforeEach(async () => {
  path = temporaryFolder('buffer');
  bench = await Bench.open({ store: { folder: join(path, 'cars-0'), fsync: 'always', key: undefined } }, true);
  bench.take(range(0, 10));
  await until('they are safe', () => bench.safe.size === 10);
});
afterEach(async () => {
  await bench.buffer.close();
  removeFolder(path);
});

it('shows what waits while the bridge runs and when it does not', async () => {
  const running = await mkb(['buffer', 'status', path, '--json']);
  expect(JSON.parse(running.stdout)).toMatchObject([{ messages: 10, open: true, encrypted: false, files: 1 }]);
  await bench.buffer.close();
  const { code, stdout } = await mkb(['buffer', 'status', path]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/FOLDER .*MESSAGES .*\n.*cars-0 +10 /);
});

it('prints the messages that wait, one a line', async () => {
  const { stdout } = await mkb(['buffer', 'export', path]);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines.map(({ id }) => id)).toEqual(range(0, 10));
  expect(lines[3]).toMatchObject({ topic: 'cars/3', qos: 1, retain: false });
  expect(lines[3].payload).toMatch(/x+$/);
});

it('finds what is damaged, and leaves it as it is', async () => {
  const sound = await mkb(['buffer', 'verify', join(path, 'cars-0')]);
  expect([sound.code, sound.stdout]).toEqual([
    0,
    expect.stringContaining('10 messages can be read, and none is missing'),
  ]);
  const file = join(path, 'cars-0', '00000001.data');
  const bytes = readFileSync(file);
  bytes[200]! ^= 1;
  writeFileSync(file, bytes);
  const damaged = await mkb(['buffer', 'verify', path]);
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toContain('9 messages can be read\n  message 0: damaged or missing');
  expect(readFileSync(file)).toEqual(bytes);
});

it('says where there is no buffer', async () => {
  const { code, stderr } = await mkb(['buffer', 'status', join(path, 'nowhere')]);
  expect(code).toBe(1);
  expect(stderr).toContain('[buffer-absent]');
});
