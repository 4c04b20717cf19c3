import zlib from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';
import type { BatchFault } from '../../../../bridge/kafka/consumer/batch-fault.ts';
import { recordsOf } from '../../../../bridge/kafka/consumer/batch-records.ts';
import { readFetched } from '../../../../bridge/kafka/consumer/fetched.ts';
import { noClaims } from '../../../../bridge/kafka/consumer/fetched-batches.ts';
import { batch, marker, record, varint } from './support/batches.ts';

interface Read {
  readonly from?: number;
  readonly aborted?: readonly (readonly [producerId: bigint, first: number])[];
  readonly highWatermark?: number;
  readonly first?: boolean;
}

/** Reads an answer as the consumer does, again when it is doubtful, and says what would be handed over. */
async function read(batches: readonly Buffer[], how: Read = {}) {
  const { from = 0, aborted = [], highWatermark = 1000, first = true } = how;
  const answer = {
    topic: 't',
    partition: 0,
    errorCode: 0,
    highWatermark: BigInt(highWatermark),
    abortedTransactions: aborted.map(([producerId, offset]) => ({ producerId, firstOffset: BigInt(offset) })),
    bytes: Buffer.concat(batches),
  };
  const once = readFetched(answer, { from: BigInt(from), claims: noClaims, first });
  const doubtful = once.claims.size > 0 && once.batches.length === 0;
  const asked = { from: BigInt(from), claims: once.claims, first };
  const fetched = doubtful ? readFetched(answer, asked) : once;
  const values: string[] = [];
  let fault = fetched.fault?.message;
  let next = BigInt(from);
  for (const each of fetched.batches) {
    try {
      for (const { offset, value } of each.wanted ? await recordsOf(each.batch) : [])
        if (offset >= from) values.push(`${value}@${offset}`);
      next = each.batch.end;
    } catch (error) {
      fault = (error as BatchFault).message;
      break;
    }
  }
  return { values, next: Number(next), fault, doubtful };
}

const whole = { fault: undefined, doubtful: false };
const transactional = 0x10;

describe('what an answer holds', () => {
  test('comes in whole batches, and what lies before the offset that was asked for is left out', async () => {
    const batches = [batch({ first: 10, values: ['a', 'b', 'c'] })];
    expect(await read(batches, { from: 11 })).toEqual({ ...whole, values: ['b@11', 'c@12'], next: 13, doubtful: true });
  });

  test('may be nothing', async () => {
    expect(await read([], { from: 7 })).toEqual({ ...whole, values: [], next: 7 });
  });

  test('may be cut off at the end, and the rest is asked for again', async () => {
    const second = batch({ first: 1, values: ['b'] });
    for (let bytes = 0; bytes < second.length; bytes++)
      expect(await read([batch(), second.subarray(0, bytes)])).toEqual({ ...whole, values: ['a@0'], next: 1 });
  });

  test('may have gaps where a topic was compacted, which a second answer confirms', async () => {
    const batches = [batch(), batch({ first: 5, values: ['b'] }), batch({ first: 9, values: ['c'] })];
    expect(await read(batches.slice(0, 2))).toEqual({ ...whole, values: ['a@0'], next: 1 });
    expect(await read(batches.slice(1), { from: 1 })).toEqual({
      ...whole,
      values: ['b@5', 'c@9'],
      next: 10,
      doubtful: true,
    });
  });

  test('may have gaps within a batch', async () => {
    const records = Buffer.concat([0, 3].map(delta => record({ delta, value: Buffer.from(`v${delta}`) })));
    const compacted = batch({ records, count: 2, lastDelta: 5 });
    expect(await read([compacted])).toEqual({ ...whole, values: ['v0@0', 'v3@3'], next: 6 });
  });

  test('may be a batch of which nothing is left', async () => {
    const empty = batch({ records: Buffer.alloc(0), count: 0, lastDelta: 2 });
    expect(await read([empty, batch({ first: 3 })])).toEqual({ ...whole, values: ['a@3'], next: 4 });
  });

  // `push(...records)` has as many arguments as records, and ended the process at each start.
  test('may be a batch of 200,000 records', async () => {
    const values = Array.from({ length: 200_000 }, () => '');
    const { values: found, next } = await read([batch({ values })], { highWatermark: 200_000 });
    expect([found.length, next]).toEqual([200_000, 200_000]);
  });

  test('has the time of the producer, or of the broker where the topic has it so', async () => {
    const times = async (attributes: number) => {
      const answer = { bytes: batch({ attributes, values: ['a', 'b'] }), highWatermark: 2n, abortedTransactions: [] };
      const fetched = readFetched(
        { ...answer, topic: 't', partition: 0, errorCode: 0 },
        { from: 0n, claims: noClaims, first: true },
      );
      return [...(await recordsOf(fetched.batches[0]!.batch))].map(
        ({ timestamp, timestampType }) => `${timestampType} ${timestamp}`,
      );
    };
    expect(await times(0)).toEqual(['create 1000', 'create 1001']);
    expect(await times(0x08)).toEqual(['append 5000', 'append 5000']);
  });
});

describe('transactions', () => {
  const batches = [
    batch({ first: 0, attributes: transactional, values: ['aborted'], producerId: 1n }),
    batch({ first: 1, attributes: transactional, values: ['committed'], producerId: 2n }),
    batch({ first: 2, values: ['plain'] }),
    marker(3, 1n, 'abort'),
    marker(4, 2n, 'commit'),
    batch({ first: 5, attributes: transactional, values: ['later'], producerId: 1n }),
  ];

  test('that were aborted are left out, and others are not', async () => {
    const values = ['committed@1', 'plain@2', 'later@5'];
    expect(await read(batches, { aborted: [[1n, 0]] })).toEqual({ ...whole, values, next: 6 });
  });

  test.each([
    ['does not name one that was aborted', []],
    ['names one that was committed', [[2n, 0]] as const],
  ])('are not believed in one answer whose list %s', async (_what, aborted) => {
    expect((await read(batches, { aborted })).doubtful).toBe(true);
  });
});

describe('compressed records are read', () => {
  const records = Buffer.concat([0, 1].map(delta => record({ delta, value: Buffer.from('v'.repeat(1000)) })));
  const xerial = (bytes: Buffer) => {
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const block = Buffer.from(compressionsAlgorithms.snappy.compressSync(bytes));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    return Buffer.concat([header, length, block]);
  };
  test.each([
    ['gzip', 1, zlib.gzipSync(records)],
    ['snappy', 2, compressionsAlgorithms.snappy.compressSync(records)],
    ['snappy as Java writes it', 2, xerial(records)],
    ['lz4', 3, compressionsAlgorithms.lz4.compressSync(records)],
    ['zstd', 4, zlib.zstdCompressSync(records)],
  ])('from %s', async (_name, attributes, compressed) => {
    const values = [0, 1].map(offset => `${'v'.repeat(1000)}@${offset}`);
    const found = await read([batch({ attributes, records: Buffer.from(compressed), count: 2, lastDelta: 1 })]);
    expect(found).toEqual({ ...whole, values, next: 2 });
  });
});

const bomb = (bytes: number) => Buffer.alloc(bytes);
/** An LZ4 frame of blocks that claim to become 4 MiB each. */
const lz4Bomb = () => {
  const block = Buffer.alloc(4 + 17_000);
  block.writeUInt32LE(17_000);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0]),
    ...Array.from({ length: 40 }, () => block),
    Buffer.alloc(4),
  ]);
};

// One batch that cannot be read ended the consumer, or was published as garbage and committed.
describe('a damaged batch is a fault, and what is before it is not', () => {
  const good = batch({ values: ['a', 'b'] });
  const bad = (parts: Parameters<typeof batch>[0]) => batch({ first: 2, ...parts });
  const flipped = (at: number) => {
    const bytes = bad({});
    bytes[at]! ^= 1;
    return bytes;
  };
  test.each([
    ['a flipped bit in its records', flipped(65), /checksum/],
    ['a flipped bit in its attributes', flipped(22), /checksum/],
    ['a format before Kafka 0.11', bad({ magic: 1 }), /format is 1, from before Kafka 0.11/],
    ['an unknown format', bad({ magic: 3 }), /format is 3, which is unknown/],
    ['a negative count', bad({ count: -1, lastDelta: 0 }), /claims -1 records/],
    ['more records than offsets', bad({ count: 2, lastDelta: 0 }), /claims 2 records at 1/],
    ['a negative last offset', bad({ lastDelta: -1 }), /at 0 offsets/],
    ['fewer records than it claims', bad({ count: 2, lastDelta: 1 }), /does not end/],
    ['more bytes than records', bad({ records: Buffer.concat([record({ delta: 0 }), varint(0)]) }), /1 bytes follow/],
    ['a record longer than the batch', bad({ records: varint(500) }), /record 0 is not whole/],
    ['a record of negative length', bad({ records: varint(-5) }), /record 0 is not whole/],
    ['a record with an offset of another', bad({ records: record({ delta: 7 }) }), /offset of another/],
    ['a record with a key that does not end', bad({ records: Buffer.from([8, 0, 0, 0, 100]) }), /a length is 50/],
    ['2 billion headers', bad({ records: Buffer.from([20, 0, 0, 0, 1, 1, 254, 255, 255, 255, 15]) }), /as it claims|./],
    ['an unknown compression', bad({ attributes: 7 }), /compression is 7, which is unknown/],
    ['gzip that is none', bad({ attributes: 1 }), /cannot be decompressed/],
    ['snappy that is none', bad({ attributes: 2 }), /cannot be decompressed/],
    ['lz4 that is none', bad({ attributes: 3 }), /cannot be decompressed/],
    ['zstd that is none', bad({ attributes: 4 }), /cannot be decompressed/],
    ['a gzip bomb', bad({ attributes: 1, records: zlib.gzipSync(bomb(130 * 2 ** 20)) }), /more than 134217728 bytes/],
    ['a zstd bomb', bad({ attributes: 4, records: zlib.zstdCompressSync(bomb(130 * 2 ** 20)) }), /more than 134217728/],
    ['a snappy bomb', bad({ attributes: 2, records: Buffer.from([255, 255, 255, 255, 15, 0]) }), /more than 134217728/],
    ['an lz4 bomb', bad({ attributes: 3, records: lz4Bomb() }), /more than 134217728 bytes/],
  ])('%s', async (_what, damaged, words) => {
    const found = await read([good, damaged]);
    expect(found).toMatchObject({ values: ['a@0', 'b@1'], next: 2 });
    expect(found.fault).toMatch(words);
  });

  test.each([
    ['overlaps the one before it', 1, 1000],
    ['ends behind the partition', 2, 2],
  ])('because it %s', async (_what, first, highWatermark) => {
    const found = await read([good, batch({ first })], { highWatermark });
    expect(found).toMatchObject({ values: ['a@0', 'b@1'], next: 2 });
    expect(found.fault).toMatch(/claims/);
  });

  test('because the first one does not end, although the first one comes whole', async () => {
    const piece = batch().subarray(0, 50);
    expect((await read([piece])).fault).toBe('it is cut off');
    expect((await read([piece], { first: false })).fault).toBe(undefined);
  });
});

// A bit that flipped on the way was published and committed.
test('whichever bit of an answer flips, no record comes out that did not go in, and none is passed over', async () => {
  const values = ['one', 'two'];
  const batches = [batch({ values }), batch({ first: 2, values: ['three'] }), batch({ first: 3, values: ['four'] })];
  const bytes = Buffer.concat(batches);
  const sent = ['one@0', 'two@1', 'three@2', 'four@3'];
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    const found = await read([damaged], { highWatermark: 4 });
    // What comes out is a beginning of what went in, and reading goes on right behind it.
    expect(found.values, `bit ${bit}`).toEqual(sent.slice(0, found.values.length));
    expect(found.next, `bit ${bit}`).toBe(found.values.length);
  }
});
