// A buffer is opened by the next version of mkb, with messages in it that a broker has forgotten.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { crc32cOfWords } from '../../../bridge/buffer/crc32c-words.ts';
import { systemDisk } from '../../../bridge/buffer/disk.ts';
import { recover } from '../../../bridge/buffer/recovery.ts';
import { crc32c } from '../../../bridge/kafka/crc32c.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { Bench, range } from './support/bench-buffer.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('buffer');
});
afterEach(() => removeFolder(folder));

test.each([
  ['version-1', undefined],
  ['version-1-encrypted', Buffer.alloc(32, 7)],
])('files of %s are read, of which 5 of 20 messages are settled', async (version, key) => {
  cpSync(join(import.meta.dirname, 'fixtures', version), folder, { recursive: true });
  const bench = await Bench.open({ store: { folder, fsync: 'always', key } });
  await until('they are handed over', () => bench.handed.length === 15);
  expect(bench.numbers).toEqual(range(5, 20));
  expect(bench.problems).toEqual([]);
  await bench.buffer.close();
});

test('the checksum of words is that of Kafka over the same bytes', () => {
  for (let words = 0; words < 40; words++) {
    const bytes = Buffer.from(Array.from({ length: words * 4 }, (_, at) => (at * 37 + words) & 255));
    const array = new Int32Array(words);
    Buffer.from(array.buffer).set(bytes);
    expect(crc32cOfWords(array, 0, words) >>> 0).toBe(crc32c(bytes));
  }
});

test('a buffer is opened without reading its messages', async () => {
  const bench = await Bench.open(
    { store: { folder, fsync: 'interval', key: undefined }, maxBytes: 64 * 2 ** 20 },
    true,
  );
  for (let from = 0; from < 100_000; from += 1000) {
    bench.take(range(from, from + 1000), { bytes: 200 });
    await new Promise(resolve => setImmediate(resolve));
  }
  await bench.buffer.close();
  let read = 0;
  const counting = {
    ...systemDisk,
    open: async (path: string, flags: 'r' | 'wx' | 'w') => {
      const file = await systemDisk.open(path, flags);
      const { read: readFile } = file;
      file.read = (async (...args: Parameters<typeof readFile>) => {
        const result = await readFile.apply(file, args);
        read += result.bytesRead;
        return result;
      }) as typeof readFile;
      return file;
    },
  };
  const { nextId, readId, files } = await recover(counting, folder, undefined);
  expect(nextId - readId).toBe(100_000);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  expect(bytes).toBeGreaterThan(20_000_000);
  // The last file, to find its end.
  expect(read).toBeLessThan(bytes / 2);
});

test('messages that come while the disk confirms others share the next fsync', async () => {
  const bench = await Bench.open({ store: { folder, fsync: 'always', key: undefined } });
  for (let from = 0; from < 20_000; from += 10) bench.take(range(from, from + 10));
  await until('all are safe', () => bench.safe.size === 20_000);
  expect(bench.buffer.syncs.syncs).toBeLessThan(100);
  await bench.buffer.close();
});
