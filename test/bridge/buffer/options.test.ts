import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseKey } from '../../../bridge/buffer/cipher.ts';
import type { StoreOptions } from '../../../bridge/buffer/options.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { Bench, range } from './support/bench-buffer.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('buffer');
});
afterEach(() => removeFolder(folder));

const store = (options: Partial<StoreOptions> = {}): StoreOptions => ({
  folder,
  fsync: 'interval',
  key: undefined,
  ...options,
});

/** Closes a buffer with messages 0 to 9, none of them settled. */
async function leave(options: Partial<StoreOptions> = {}): Promise<void> {
  const bench = await Bench.open({ store: store(options) }, true);
  bench.take(range(0, 10));
  await bench.buffer.close();
}

const whyNot = (options: Partial<StoreOptions> = {}): Promise<string> =>
  Bench.open({ store: store(options) }).then(
    () => 'opened',
    error => error.code,
  );

describe('a buffer is refused that', () => {
  test('is open already', async () => {
    const bench = await Bench.open({ store: store() });
    expect(await whyNot()).toBe('buffer-locked');
    await bench.buffer.close();
    expect(await whyNot()).toBe('opened');
  });

  test('a newer version wrote, and is left as it is', async () => {
    await leave();
    const file = join(folder, readdirSync(folder).find(name => name.endsWith('.data'))!);
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(2, 8);
    writeFileSync(file, bytes);
    expect(await whyNot()).toBe('buffer-version-unknown');
    expect(readFileSync(file)).toEqual(bytes);
  });

  test('is encrypted with another key, or with one that is not given', async () => {
    await leave({ key: Buffer.alloc(32, 1) });
    expect(await whyNot({ key: Buffer.alloc(32, 2) })).toBe('buffer-key-wrong');
    expect(await whyNot()).toBe('buffer-key-missing');
    expect(await whyNot({ key: Buffer.alloc(32, 1) })).toBe('opened');
  });

  test('has a file where its folder is to be', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await whyNot({ folder: join(folder, 'file') })).toBe('buffer-unusable');
  });
});

test('messages of a time without a key are read after one is given, and what comes then is encrypted', async () => {
  await leave();
  const key = Buffer.alloc(32, 3);
  const bench = await Bench.open({ store: store({ key }) });
  await until('they are back', () => bench.handed.length === 10);
  bench.take([424_242], { bytes: 5000 });
  await bench.buffer.close();
  const files = readdirSync(folder).filter(name => name.endsWith('.data'));
  const plain = Buffer.alloc(100, 'x');
  expect(files.map(name => readFileSync(join(folder, name)).includes(plain))).toEqual(
    [false, false].slice(0, files.length),
  );
});

test.each([
  ['base64', Buffer.alloc(32, 200).toString('base64'), true],
  ['hexadecimal', Buffer.alloc(32, 200).toString('hex'), true],
  ['too short', Buffer.alloc(31, 200).toString('base64'), false],
  ['a word', 'secret', false],
  ['nothing', '', false],
])('a key is taken as 32 bytes or not at all: %s', (_name, text, valid) => {
  const key = () => parseKey(text);
  if (valid) expect(key()).toEqual(Buffer.alloc(32, 200));
  else expect(key).toThrow('32 bytes');
});

test('nothing that waited for longer than maxAge is handed over, and all of it is counted', async () => {
  const bench = await Bench.open({ store: store(), maxAgeMs: 60_000 }, true);
  bench.take(range(0, 10), { at: Date.now() - 61_000 });
  bench.take(range(10, 20));
  bench.buffer.messages.resume();
  await until('the rest is handed over', () => bench.handed.length === 10);
  expect(bench.numbers).toEqual(range(10, 20));
  expect(bench.dropped.expired).toBe(10);
  expect(bench.imbalance).toBe(0);
  await bench.buffer.close();
});

test('a backlog is handed over no faster than drainRate, with new messages behind it', async () => {
  await leave();
  const began = performance.now();
  const bench = await Bench.open({ store: store(), drainRate: 20 });
  bench.take(range(10, 15));
  await until('all are handed over', () => bench.handed.length === 15);
  // The first two may come at once; a busy machine takes longer, never shorter.
  expect(performance.now() - began).toBeGreaterThan(500);
  expect(bench.numbers).toEqual(range(0, 15));
  // Nothing older waits: no rate applies.
  bench.take(range(15, 1000));
  expect(bench.handed.length).toBe(1000);
  await bench.buffer.close();
});

describe('when maxBytes are on the disk,', () => {
  const maxBytes = 2 ** 20;

  test('block holds the source, and lets it go when files are deleted', async () => {
    const bench = await Bench.open({ store: store(), maxBytes }, true);
    let next = 0;
    while (!bench.held) {
      bench.take([next++], { bytes: 5000 });
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(bench.buffer.figures.bytes).toBeLessThan(1.5 * maxBytes);
    bench.buffer.messages.resume();
    await until('all are handed over', () => bench.handed.length === next);
    bench.settle();
    await until('it goes on', () => !bench.held);
    expect(bench.numbers).toEqual(range(0, next));
    await bench.buffer.close();
  });

  test('dropOldest drops whole files of the oldest, and what is left is in order', async () => {
    const bench = await Bench.open({ store: store(), maxBytes, whenFull: 'dropOldest' }, true);
    for (let number = 0; number < 1000; number++) {
      bench.take([number], { bytes: 5000 });
      await new Promise(resolve => setImmediate(resolve));
      expect(bench.imbalance).toBe(0);
    }
    await until('there is room', () => bench.buffer.figures.bytes <= maxBytes);
    expect(bench.held).toBe(false);
    await bench.buffer.close();
    const again = await Bench.open({ store: store(), maxBytes });
    await until('it is empty', () => again.buffer.figures.waiting === 0);
    expect(again.dropped).toEqual({ full: 0, expired: 0, unreadable: 0, torn: 0 });
    expect(again.handed.length + bench.dropped.full).toBe(1000);
    expect(again.handed.length).toBeGreaterThan(100);
    expect(again.numbers).toEqual(range(1000 - again.handed.length, 1000));
    await again.buffer.close();
  });

  test('dropNewest keeps the oldest, and acknowledges what it drops', async () => {
    const bench = await Bench.open({ store: store(), maxBytes, whenFull: 'dropNewest' }, true);
    for (let number = 0; number < 500; number++) {
      bench.take([number], { bytes: 5000 });
      await new Promise(resolve => setImmediate(resolve));
    }
    await until('all are acknowledged', () => bench.safe.size === 500);
    bench.buffer.messages.resume();
    await until('it is empty', () => bench.buffer.figures.waiting === 0);
    expect(bench.handed.length + bench.dropped.full).toBe(500);
    expect(bench.numbers.slice(0, 100)).toEqual(range(0, 100));
    expect(bench.dropped.full).toBeGreaterThan(200);
    expect(bench.imbalance).toBe(0);
    await bench.buffer.close();
  });
});

describe('in memory,', () => {
  test('messages of QoS 1 are acknowledged when they are delivered, and those of QoS 0 wait for as long as there is room', async () => {
    const bench = await Bench.open({ store: undefined, maxBytes: 2 ** 20, whenFull: 'dropOldest' });
    bench.take(range(0, 10));
    bench.take(range(10, 20), { qos: 0 });
    expect([...bench.safe]).toEqual(range(10, 20));
    bench.settle();
    expect(bench.safe.size).toBe(20);
    bench.buffer.messages.pause();
    bench.take(range(20, 1020), { qos: 0, bytes: 5000 });
    expect(bench.buffer.figures.bytes).toBeLessThan(1.3 * 2 ** 20);
    bench.buffer.messages.resume();
    await until('it is empty', () => bench.buffer.figures.waiting === 0);
    expect(bench.handed.length + bench.dropped.full).toBe(1020);
    expect(bench.numbers.at(-1)).toBe(1019);
    expect(bench.imbalance).toBe(0);
  });
});
