/**
 * Records of a batch, decompressed, and never to more than `largestBytes`: a few hundred kilobytes can claim to be gigabytes.
 *
 * gzip and zstd stop at the limit by themselves and run on Node's thread pool. snappy says beforehand how long it will be, lz4 is at most as
 * long as its blocks may be; both are looked at before anything is decompressed.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';

/** Brokers take batches of 1 MiB unless configured otherwise (max.message.bytes), compressed. */
export const largestBytes = 128 * 1024 * 1024;

const gunzip = promisify(zlib.gunzip);
const zstdDecompress = promisify(zlib.zstdDecompress);
const limit = { maxOutputLength: largestBytes };

/** By the codec's number in the attributes of a batch. */
const codecs: Readonly<Record<number, (bytes: Buffer) => Promise<Buffer> | Buffer>> = {
  0: bytes => bytes,
  1: bytes => gunzip(bytes, limit),
  2: bytes => {
    requireRoom(snappyBytes(bytes));
    return compressionsAlgorithms.snappy.decompressSync(bytes);
  },
  3: bytes => {
    requireRoom(lz4Bytes(bytes));
    return compressionsAlgorithms.lz4.decompressSync(bytes);
  },
  4: bytes => zstdDecompress(bytes, limit),
};

/** Throws why it cannot be done: an unknown codec, bytes that are none of its, or too many. */
export async function decompress(bytes: Buffer, codec: number): Promise<Buffer> {
  const decode = codecs[codec];
  if (decode === undefined) throw new Error(`its compression is ${codec}, which is unknown`);
  try {
    return await decode(bytes);
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' || cause instanceof TooLarge;
    const reason = tooLarge ? new TooLarge().message : 'its records cannot be decompressed';
    throw new Error(reason, { cause });
  }
}

class TooLarge extends Error {
  constructor() {
    super(`its records are more than ${largestBytes} bytes when they are decompressed`);
  }
}

function requireRoom(bytes: number): void {
  if (bytes > largestBytes) throw new TooLarge();
}

/** How Java's snappy begins: blocks, each behind its length in four bytes, after a header of 16 bytes. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;

/** Bytes that snappy's blocks say they will be. */
function snappyBytes(bytes: Buffer): number {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return snappyBlockBytes(bytes);
  let sum = 0;
  for (let start = xerialHeaderBytes; start < bytes.length; ) {
    const length = bytes.readUInt32BE(start);
    sum += snappyBlockBytes(bytes.subarray(start + 4, start + 4 + length));
    start += 4 + length;
  }
  return sum;
}

/** A varint at the start of a block (snappy, format description, section 1). */
function snappyBlockBytes(block: Buffer): number {
  let value = 0;
  for (let at = 0, factor = 1; at < 5; at++, factor *= 0x80) {
    const byte = block.readUInt8(at);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw new RangeError('the length of a block does not end');
}

/** The most that the blocks of an LZ4 frame can become (LZ4 frame format, "General Structure of LZ4 Frame"). */
function lz4Bytes(frame: Buffer): number {
  const flags = frame.readUInt8(4);
  const largestBlock = 2 ** (8 + 2 * ((frame.readUInt8(5) >> 4) & 7));
  const checksumBytes = flags & 0x10 ? 4 : 0;
  let sum = 0;
  let start = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  for (;;) {
    const size = frame.readUInt32LE(start);
    const stored = size & 0x7fffffff;
    if (stored === 0) return sum;
    // A block that is not compressed is as long as it is; no compressed byte becomes more than 255.
    sum += size > 0x7fffffff ? stored : Math.min(largestBlock, 255 * stored);
    start += 4 + stored + checksumBytes;
  }
}
