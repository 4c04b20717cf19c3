// Acknowledged messages waited in a buffer, and were lost, counted as lost, or never handed over, though disk and pipeline were sound.
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemDisk } from '../../../bridge/buffer/disk.ts';
import { walk } from '../../../bridge/buffer/inspect.ts';
import { readLedger, writeLedger } from '../../../bridge/buffer/ledger.ts';
import { newHeader } from '../../../bridge/buffer/log-file.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { Bench, range } from './support/bench-buffer.ts';
import { FailingDisk } from './support/failing-disk.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('buffer');
});
afterEach(() => removeFolder(folder));

const none = { full: 0, expired: 0, unreadable: 0, torn: 0 };
const open = (options: Partial<Parameters<typeof Bench.open>[0]> = {}, paused = false, disk?: FailingDisk) =>
  Bench.open(
    { store: { folder, fsync: 'always', key: undefined, ...(disk ? { disk } : {}) }, maxBytes: 2 ** 30, ...options },
    paused,
  );
const files = () => readdirSync(folder).filter(name => name.endsWith('.data'));
const safe = (bench: Bench, count: number) => until(`${count} are safe`, () => bench.safe.size === count);
const handed = (bench: Bench, count: number) => until(`${count} are handed over`, () => bench.handed.length === count);

test('what is written to a file while its end is read back is read too', async () => {
  const disk = new FailingDisk();
  const bench = await open({}, true, disk);
  bench.take(range(0, 10));
  await safe(bench, 10);
  const hold = Promise.withResolvers<void>();
  disk.readsWait = hold.promise;
  bench.buffer.messages.resume();
  await until('a read is under way', () => disk.waitingReads === 1);
  bench.take(range(10, 20));
  await safe(bench, 20);
  hold.resolve();
  await until('it is empty', () => bench.buffer.figures.waiting === 0);
  expect([bench.numbers, bench.dropped]).toEqual([range(0, 20), none]);
  await bench.buffer.close();
});

test('what comes after all files of a backlog were deleted is read back', async () => {
  const first = await open({}, true);
  first.take(range(0, 10));
  await first.buffer.close();
  const bench = await open();
  await handed(bench, 10);
  bench.settle();
  await until('its files are deleted', () => files().length === 0);
  bench.buffer.messages.pause();
  bench.take(range(10, 20));
  await until('they are safe', () => bench.safe.has(19));
  bench.buffer.messages.resume();
  await until('it is empty', () => bench.buffer.figures.waiting === 0);
  expect([bench.numbers, bench.dropped]).toEqual([range(0, 20), none]);
  await bench.buffer.close();
});

describe('a process that was killed when it had just made a file', () => {
  test.each([
    ['empty', 0],
    ['with half a header', 30],
    ['with a header and no message', 64],
  ])('loses nothing of the file before: %s', async (_name, bytes) => {
    const first = await open({}, true);
    first.take(range(0, 10));
    await first.buffer.close();
    const header = newHeader({ firstId: 10, writtenTo: 10, createdAt: Date.now() }, undefined).bytes;
    writeFileSync(join(folder, '00000002.data'), header.subarray(0, bytes));
    const bench = await open();
    await until('it is empty', () => bench.buffer.figures.waiting === 0);
    bench.take(range(10, 20));
    await until('they are safe', () => bench.safe.has(19));
    expect([bench.numbers, bench.dropped]).toEqual([range(0, 20), none]);
    bench.settle();
    await bench.buffer.close();
    expect(readdirSync(folder).sort()).toEqual(['ledger', 'lock']);
  });
});

test('what a bridge delivers while mkb buffer verify reads is not reported as missing', async () => {
  const bench = await open({ maxBytes: 2 ** 20 }, true);
  for (let from = 0; from < 3000; from += 1000) {
    bench.take(range(from, from + 1000));
    await safe(bench, from + 1000);
  }
  const [, second, third] = files().map(name => join(folder, name));
  expect(third).toBeDefined();
  const delivered = temporaryFolder('buffer');
  await writeLedger(systemDisk, delivered, { settled: 2500, gone: [] });
  const missing: [number, number][] = [];
  let once = true;
  await walk(folder, undefined, {
    message: () => {
      if (once) cpSync(join(delivered, 'ledger'), join(folder, 'ledger'));
      if (once) for (const file of [second!, third!]) rmSync(file);
      once = false;
    },
    missing: (from, to) => missing.push([from, to]),
  });
  removeFolder(delivered);
  // What was there, and is not delivered.
  expect(missing).toEqual([[2500, 3000]]);
  await bench.buffer.close();
});

test('what a kill tore is counted as torn, whatever comes between that and the drain', async () => {
  const first = await open({}, true);
  first.take(range(0, 10));
  await first.buffer.close();
  const [torn] = files();
  truncateSync(join(folder, torn!), readFileSync(join(folder, torn!)).length - 30);
  for (let restart = 0; restart < 3; restart++) {
    const again = await open({}, true);
    again.take(range(10 + restart, 11 + restart));
    await safe(again, 1);
    // As kill -9 leaves it.
    const copy = temporaryFolder('buffer');
    cpSync(folder, copy, { recursive: true, filter: path => !path.endsWith('.new') });
    await again.buffer.close();
    removeFolder(folder);
    folder = copy;
  }
  const bench = await open();
  await until('it is empty', () => bench.buffer.figures.waiting === 0);
  expect([bench.numbers, bench.dropped]).toEqual([[...range(0, 9), 10, 11, 12], { ...none, torn: 1 }]);
  expect(bench.imbalance).toBe(0);
  await bench.buffer.close();
});

test('what was delivered while the disk failed is not missed after kill -9', async () => {
  const disk = new FailingDisk();
  const bench = await open({}, false, disk);
  bench.take(range(0, 10));
  await safe(bench, 10);
  disk.failsWrites = 'EIO';
  bench.take(range(10, 20));
  await until('it fails', () => bench.problems.length > 0);
  bench.settle(5);
  bench.buffer.messages.pause();
  disk.failsWrites = undefined;
  let next = 20;
  await until('it is written again', () => {
    bench.take([next++]);
    return bench.safe.has(20);
  });
  // As kill -9 leaves it, before the ledger says so.
  rmSync(join(folder, 'ledger'), { force: true });
  const copy = temporaryFolder('buffer');
  cpSync(folder, copy, { recursive: true, filter: path => !path.endsWith('.new') });
  await bench.buffer.close();
  removeFolder(folder);
  folder = copy;
  const again = await open();
  await until('it is empty', () => again.buffer.figures.waiting === 0);
  expect(again.dropped.unreadable).toBe(0);
  await again.buffer.close();
});

test('a disk takes more than memory does, wherever in a batch the pipeline was paused', async () => {
  const bench = await open();
  bench.mostInFlight = 1;
  let next = 0;
  for (; next < 4500; next += 100) {
    bench.take(range(next, next + 100), { bytes: 10_000 });
    await safe(bench, next + 100);
  }
  expect(bench.buffer.figures.bytes).toBeGreaterThan(40 * 2 ** 20);
  expect(bench.held).toBe(false);
  bench.mostInFlight = Number.POSITIVE_INFINITY;
  bench.settle();
  await handed(bench, next);
  expect([bench.numbers, bench.dropped]).toEqual([range(0, next), none]);
  await bench.buffer.close();
});

test('in memory, a source that was held goes on when there is room', async () => {
  const bench = await Bench.open({ store: undefined, maxBytes: 2 ** 20, whenFull: 'block', maxAgeMs: 1e9 }, true);
  let next = 0;
  while (!bench.held) bench.take([next++], { bytes: 5000 });
  bench.buffer.messages.resume();
  await handed(bench, next);
  expect([bench.held, bench.dropped]).toEqual([false, none]);
});

test('messages behind a million that wait for one are handed over when it is settled', async () => {
  const bench = await Bench.open({ store: undefined, whenFull: 'dropNewest' });
  const most = 2 ** 20;
  for (let from = 0; from < most; from += 4096) bench.take(range(from, from + 4096), { bytes: 4, qos: 0 });
  await handed(bench, most);
  bench.take([most], { bytes: 4 });
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
  expect(bench.handed.length).toBe(most);
  bench.buffer.messages.settle(bench.handed[0]!.token);
  await handed(bench, most + 1);
}, 30_000);

test('a disk that is full has room again when what was delivered is deleted', async () => {
  const disk = new FailingDisk();
  disk.unlink = async path => {
    await systemDisk.unlink(path);
    if (path.endsWith('00000001.data')) disk.room = Number.POSITIVE_INFINITY;
  };
  const bench = await open({}, false, disk);
  bench.take(range(0, 10));
  await safe(bench, 10);
  disk.room = 0;
  bench.take(range(10, 20));
  await until('it is full', () => bench.problems.length > 0);
  bench.settle();
  let next = 20;
  await until('it is written to', () => {
    bench.take([next++]);
    return range(20, next).some(number => bench.safe.has(number));
  });
  expect(bench.dropped).toEqual(none);
  await bench.buffer.close();
});

test('a change of the document is written down before messages are', async () => {
  const first = await open({ plan: 'old' }, true);
  first.take(range(0, 10));
  await first.buffer.close();
  const bench = await open({ plan: 'new' }, true);
  expect(await readLedger(systemDisk, folder)).toMatchObject({ plan: { name: 'new', from: 10 } });
  await bench.buffer.close();
});

test('a file that somebody deleted is counted, and what is behind it is handed over', async () => {
  const bench = await open({ maxBytes: 2 ** 20 }, true);
  for (let from = 0; from < 500; from += 50) {
    bench.take(range(from, from + 50), { bytes: 1000 });
    await safe(bench, from + 50);
  }
  rmSync(join(folder, files()[1]!));
  bench.buffer.messages.resume();
  await until('it is empty', () => bench.buffer.figures.waiting === 0);
  expect(bench.dropped.unreadable).toBeGreaterThan(0);
  expect(bench.handed.length + bench.dropped.unreadable).toBe(500);
  expect([bench.problems, bench.imbalance]).toEqual([[], 0]);
  await bench.buffer.close();
});
