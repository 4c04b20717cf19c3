import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';

/** What a batch's records may be compressed with. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** A codec: its number in the batch's attributes (Kafka protocol, "Record Batch": attributes bits 0 to 2) and how it compresses. */
export interface Codec {
  readonly attribute: number;
  compress(records: Buffer): Promise<Buffer>;
}

const gzip = promisify(zlib.gzip);
const zstd = promisify(zlib.zstdCompress);

/** gzip and zstd run on Node's thread pool and leave the event loop free; snappy and lz4 are fast enough to run in place. */
export const codecs: { readonly [name in Exclude<Compression, 'none'>]: Codec } = {
  gzip: { attribute: 1, compress: records => gzip(records, { level: 6 }) },
  snappy: { attribute: 2, compress: async records => compressionsAlgorithms.snappy.compressSync(records) },
  lz4: { attribute: 3, compress: async records => compressionsAlgorithms.lz4.compressSync(records) },
  zstd: { attribute: 4, compress: records => zstd(records) },
};
