import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { Bench, range } from './support/bench-buffer.ts';

const key = Buffer.alloc(32, 7);
const folders: string[] = [];
const newFolder = (): string => {
  const folder = temporaryFolder('buffer');
  folders.push(folder);
  return folder;
};
afterEach(() => folders.splice(0).forEach(removeFolder));

const storeIn = (folder: string, encrypted = false) =>
  ({ folder, fsync: 'always', key: encrypted ? key : undefined }) as const;

/** Files of 64 KiB, each written in several batches, with messages 0 to 2,999, of which none is settled. */
async function fill(folder: string, encrypted = false): Promise<string[]> {
  const bench = await Bench.open({ store: storeIn(folder, encrypted), maxBytes: 2 ** 20 }, true);
  for (let from = 0; from < 3000; from += 50) {
    bench.take(range(from, from + 50));
    await until('they are safe', () => bench.safe.size === from + 50, { everyMs: 1 });
  }
  await bench.buffer.close();
  const files = readdirSync(folder).filter(name => name.endsWith('.data'));
  expect(files.length).toBeGreaterThan(4);
  return files.map(name => join(folder, name));
}

/** What comes out of it, until nothing more is to come. */
async function drain(folder: string, encrypted = false): Promise<Bench> {
  const bench = await Bench.open({ store: storeIn(folder, encrypted), maxBytes: 2 ** 20 });
  await until('it is handed over', () => bench.buffer.figures.waiting === 0);
  expect(bench.imbalance).toBe(0);
  bench.settle();
  expect(bench.imbalance).toBe(0);
  expect(bench.buffer.figures.messages).toBe(0);
  return bench;
}

const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x10;
  writeFileSync(file, bytes);
};

interface Damage {
  readonly name: string;
  readonly do: (files: readonly string[]) => void;
  /** Whether messages are missing, at most how many, and why. */
  readonly most: number;
  readonly reason?: 'unreadable' | 'torn';
}

const damages: readonly Damage[] = [
  { name: 'nothing', do: () => undefined, most: 0 },
  { name: 'a deleted ledger', do: files => rmSync(join(files[0]!, '..', 'ledger')), most: 0 },
  { name: 'a damaged ledger', do: files => flip(join(files[0]!, '..', 'ledger'), 12), most: 0 },
  { name: 'an empty ledger', do: files => truncateSync(join(files[0]!, '..', 'ledger')), most: 0 },
  { name: 'a flipped bit in a payload', do: files => flip(files[1]!, 300), most: 50, reason: 'unreadable' },
  {
    name: 'a flipped bit in the length of a record',
    do: files => flip(files[1]!, 64 + 32),
    most: 50,
    reason: 'unreadable',
  },
  {
    name: 'a flipped bit in the header of a batch',
    do: files => flip(files[1]!, 64 + 5),
    most: 50,
    reason: 'unreadable',
  },
  { name: 'a flipped bit in the header of a file', do: files => flip(files[2]!, 20), most: 0 },
  { name: 'a file cut in the middle', do: files => truncateSync(files[1]!, 20_001), most: 500, reason: 'unreadable' },
  { name: 'a file cut within its header', do: files => truncateSync(files[1]!, 11), most: 500, reason: 'unreadable' },
  { name: 'an empty file', do: files => truncateSync(files[1]!), most: 500, reason: 'unreadable' },
  { name: 'a missing file in the middle', do: files => rmSync(files[2]!), most: 500, reason: 'unreadable' },
  { name: 'a missing first file', do: files => rmSync(files[0]!), most: 500, reason: 'unreadable' },
  {
    name: 'a torn tail',
    do: files => truncateSync(files.at(-1)!, readFileSync(files.at(-1)!).length - 30),
    most: 50,
    reason: 'torn',
  },
  {
    name: 'a tail torn within the header of a batch',
    do: files => writeFileSync(files.at(-1)!, readFileSync(files.at(-1)!).subarray(0, -20)),
    most: 50,
    reason: 'torn',
  },
  {
    name: 'zeros at the end, as a power cut leaves them',
    do: files => writeFileSync(files.at(-1)!, Buffer.concat([readFileSync(files.at(-1)!), Buffer.alloc(5000)])),
    most: 0,
  },
  {
    name: 'a file of nonsense',
    do: files => writeFileSync(files[1]!, Buffer.alloc(70_000, 'nonsense')),
    most: 500,
    reason: 'unreadable',
  },
];

describe.each([false, true])('what can be read is kept and the rest is counted, encrypted: %s,', encrypted => {
  test.each(damages)('with $name', async ({ do: damage, most, reason }) => {
    const folder = newFolder();
    damage(await fill(folder, encrypted));
    const bench = await drain(folder, encrypted);
    const { numbers, dropped } = bench;
    // In order, and each once.
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const missing = 3000 - numbers.length;
    // The header of a file has the salt of its key.
    const mostMissing = most === 0 && encrypted && damage.length > 0 ? 500 : most;
    expect(missing).toBeLessThanOrEqual(mostMissing);
    if (reason) expect(missing).toBeGreaterThan(0);
    expect(dropped).toEqual({ full: 0, expired: 0, unreadable: 0, torn: 0, [reason ?? 'unreadable']: missing });
    // It goes on.
    bench.take(range(5000, 5010));
    expect(bench.numbers.slice(-10)).toEqual(range(5000, 5010));
    await until('they are safe', () => bench.safe.has(5009));
    bench.settle();
    await bench.buffer.close();
    expect(readdirSync(folder).sort()).toEqual(['ledger', 'lock']);
  });
});

test('a bit that is flipped costs the message that it is in, and no other', async () => {
  const folder = newFolder();
  const files = await fill(folder);
  flip(files[1]!, 300);
  const bench = await drain(folder);
  expect(bench.numbers.length).toBe(2999);
  await bench.buffer.close();
});

test('a bit that is flipped in the length of a record costs that message, and no other', async () => {
  const folder = newFolder();
  const files = await fill(folder);
  flip(files[1]!, 64 + 32);
  const bench = await drain(folder);
  expect(bench.numbers.length).toBe(2999);
  await bench.buffer.close();
});
