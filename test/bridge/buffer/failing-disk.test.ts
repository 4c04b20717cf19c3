import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { Bench, range } from './support/bench-buffer.ts';
import { FailingDisk } from './support/failing-disk.ts';

let folder: string;
let disk: FailingDisk;
beforeEach(() => {
  folder = temporaryFolder('buffer');
  disk = new FailingDisk();
});
afterEach(() => removeFolder(folder));

const open = (options: Partial<Parameters<typeof Bench.open>[0]> = {}, paused = false) =>
  Bench.open({ store: { folder, fsync: 'always', key: undefined, disk }, ...options }, paused);

const lost = ({ dropped }: Bench) => dropped.full + dropped.unreadable + dropped.torn + dropped.expired;

describe.each(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'EACCES'])('when writing fails with %s', code => {
  test('messages go on from memory, and are acknowledged when they are delivered and not before', async () => {
    const bench = await open();
    disk.failsWrites = code;
    bench.take(range(0, 100));
    expect(bench.numbers).toEqual(range(0, 100));
    await until('it says so', () => bench.problems.some(error => error.code === 'buffer-write-failed'));
    expect(bench.safe.size).toBe(0);
    expect(bench.buffer.figures.writable).toBe(false);
    bench.settle(60);
    expect([...bench.safe]).toEqual(range(0, 60));
    expect(bench.imbalance).toBe(0);
    disk.failsWrites = undefined;
    let next = 100;
    await until('the disk is used again', () => {
      bench.take([next++]);
      return bench.safe.has(next - 2);
    });
    expect(bench.buffer.figures.writable).toBe(true);
    expect(bench.imbalance).toBe(0);
    await bench.buffer.close();
  });

  test('what waits is written as soon as the disk takes it, and nothing is lost by kill -9 after that', async () => {
    const bench = await open({}, true);
    bench.take(range(0, 50));
    await until('they are safe', () => bench.safe.size === 50);
    disk.failsWrites = code;
    bench.take(range(50, 100));
    await until('it says so', () => bench.problems.length > 0);
    expect(bench.safe.size).toBe(50);
    disk.failsWrites = undefined;
    await until('all are safe', () => bench.safe.size === 100);
    await bench.buffer.close();
    const again = await open();
    await until('all are back', () => again.handed.length === 100);
    expect(again.numbers).toEqual(range(0, 100));
    expect(lost(again)).toBe(0);
    await again.buffer.close();
  });
});

test('what the disk does not confirm is not acknowledged, and is written again to another file', async () => {
  const bench = await open({}, true);
  disk.failsSyncs = 'EIO';
  bench.take(range(0, 50));
  await until('it says so', () => bench.problems.length > 0);
  expect(bench.safe.size).toBe(0);
  disk.failsSyncs = undefined;
  await until('they are safe', () => bench.safe.size === 50);
  await bench.buffer.close();
  const again = await open();
  await until('all are back', () => again.handed.length === 50);
  expect(again.numbers).toEqual(range(0, 50));
  await again.buffer.close();
});

// After an fsync that failed the kernel forgot what it was to write. The next one said that all was well, and what was acknowledged was on no disk.
test.each([
  undefined,
  Buffer.alloc(32, 7),
])('with fsync: interval, what the disk has failed to confirm is written again, and not confirmed again', async key => {
  const store = { folder, fsync: 'interval' as const, key, disk };
  const bench = await open({ store }, true);
  bench.take(range(0, 50));
  await until('they are acknowledged', () => bench.safe.size === 50);
  disk.failsSyncs = 'EIO';
  disk.forgets = true;
  bench.take(range(50, 60));
  await until('it says so', () => bench.problems.some(error => error.code === 'buffer-write-failed'));
  expect(bench.buffer.figures.writable).toBe(false);
  disk.failsSyncs = undefined;
  await until('it goes on', () => bench.buffer.figures.writable && bench.safe.size === 60);
  bench.take(range(60, 70));
  await until('they are acknowledged', () => bench.safe.size === 70);
  await bench.buffer.close();
  const again = await open({ store });
  await until('all are back', () => again.handed.length === 70);
  expect(again.numbers).toEqual(range(0, 70));
  expect(lost(again)).toBe(0);
  await again.buffer.close();
});

// A power cut soon after the first start took the folder with it, and every message in it.
test('the folder survives a power cut, and so does every one above it that was made for it', async () => {
  const deep = join(folder, 'a', 'b');
  const bench = await open({ store: { folder: deep, fsync: 'always', key: undefined, disk } });
  expect([...disk.syncedFolders]).toEqual(expect.arrayContaining([folder, join(folder, 'a')]));
  await bench.buffer.close();
});

test('what the disk does not give now is read again, in order', async () => {
  const bench = await open({}, true);
  bench.take(range(0, 50));
  await until('they are safe', () => bench.safe.size === 50);
  disk.failsReads = 'EMFILE';
  bench.buffer.messages.resume();
  bench.take(range(50, 100));
  await until('it says so', () => bench.problems.length > 0);
  expect(bench.handed).toEqual([]);
  disk.failsReads = undefined;
  await until('all are handed over', () => bench.handed.length === 100);
  expect(bench.numbers).toEqual(range(0, 100));
  await bench.buffer.close();
});

// One bad block held back every message behind it, for as long as the bridge ran.
test.each([
  ['as it is', undefined, [101, 200]],
  ['encrypted', Buffer.alloc(32, 7), [101, 3000]],
] as const)(
  'a block that the disk does not give is given up in the end, named and counted, %s',
  async (_how, key, most) => {
    const store = { folder, fsync: 'always', key, disk } as const;
    const bench = await open({ store }, true);
    for (let batch = 0; batch < 10; batch++) {
      bench.take(range(batch * 300, (batch + 1) * 300));
      await until('they are safe', () => bench.safe.size === (batch + 1) * 300);
    }
    await bench.buffer.close();
    const again = await open({ store }, true);
    disk.badBytes = [40_960, 45_056];
    again.buffer.messages.resume();
    await until('those behind it', () => again.handed.at(-1)?.number === 2999);
    const { unreadable } = again.dropped;
    expect(again.handed.length + unreadable).toBe(3000);
    expect([unreadable > 0, unreadable < most[1]]).toEqual([true, true]);
    expect(again.numbers).toEqual([...again.numbers].sort((left, right) => left - right));
    const codes = again.problems.map(({ code }) => code);
    // Asked for again a few times before.
    expect(codes.indexOf('buffer-blocks-unreadable')).toBe(4);
    expect(codes.filter(code => code === 'buffer-blocks-unreadable')).toHaveLength(1);
    expect(again.imbalance).toBe(0);
    await again.buffer.close();
  },
  60_000,
);

// It ended with "EIO: i/o error, read".
test('a disk that does not give the newest file at the start is named', async () => {
  const bench = await open({}, true);
  bench.take(range(0, 50));
  await until('they are safe', () => bench.safe.size === 50);
  await bench.buffer.close();
  disk.failsReads = 'EIO';
  await expect(open()).rejects.toMatchObject({ code: 'buffer-unusable' });
  disk.failsReads = undefined;
  const again = await open();
  await until('all are back', () => again.handed.length === 50);
  await again.buffer.close();
});

test('a disk that gives nothing at all is waited for', async () => {
  const bench = await open({}, true);
  bench.take(range(0, 50));
  await until('they are safe', () => bench.safe.size === 50);
  disk.failsReads = 'EIO';
  bench.buffer.messages.resume();
  bench.take(range(50, 51));
  await until('it was asked more often than for one block', () => bench.problems.length > 6);
  expect(bench.problems.filter(({ code }) => code === 'buffer-blocks-unreadable')).toEqual([]);
  disk.failsReads = undefined;
  await until('all are handed over', () => bench.handed.length === 51);
  expect(lost(bench)).toBe(0);
  await bench.buffer.close();
}, 60_000);

describe('with a disk that is full while Kafka is down,', () => {
  const oneMiB = { maxBytes: 2 ** 20, bytes: 10_000 };

  test('block reads no further, drops nothing, and goes on when there is room again', async () => {
    const bench = await open({ maxBytes: oneMiB.maxBytes }, true);
    disk.failsWrites = 'ENOSPC';
    let next = 0;
    while (!bench.held) bench.take([next++], { bytes: oneMiB.bytes });
    expect(lost(bench)).toBe(0);
    expect(bench.buffer.figures.bytes).toBeLessThan(2 * oneMiB.maxBytes);
    disk.failsWrites = undefined;
    bench.buffer.messages.resume();
    await until('all are handed over', () => bench.handed.length === next);
    bench.settle();
    await until('it goes on', () => !bench.held);
    expect(bench.numbers).toEqual(range(0, next));
    expect(bench.imbalance).toBe(0);
    await bench.buffer.close();
  });

  test.each([
    'dropOldest',
    'dropNewest',
  ] as const)('%s drops, acknowledges what it drops, and counts it exactly', async whenFull => {
    const bench = await open({ maxBytes: oneMiB.maxBytes, whenFull }, true);
    disk.failsWrites = 'ENOSPC';
    bench.take([0], { bytes: oneMiB.bytes });
    await until('it fails', () => bench.problems.length > 0);
    for (let number = 1; number < 500; number++) bench.take([number], { bytes: oneMiB.bytes });
    expect(bench.held).toBe(false);
    expect(bench.imbalance).toBe(0);
    bench.buffer.messages.resume();
    await until('it is empty', () => bench.buffer.figures.waiting === 0);
    expect(bench.handed.length + bench.dropped.full).toBe(500);
    expect(bench.dropped.full).toBeGreaterThan(300);
    const { numbers } = bench;
    expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
    if (whenFull === 'dropNewest') expect(numbers).toEqual(range(0, numbers.length));
    else expect(numbers.at(-1)).toBe(499);
    bench.settle();
    expect(bench.safe.size).toBe(500);
    disk.failsWrites = undefined;
    await bench.buffer.close();
    const again = await open();
    expect(again.buffer.figures.recovered).toBe(0);
    expect(lost(again)).toBe(0);
    await again.buffer.close();
  });
});
