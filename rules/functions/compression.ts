/** Compression with DEFLATE in its three wrappings: none (zip), gzip, and zlib (zip_compress). */
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Refusal } from '../refusal.ts';
import { bytes, define, type FunctionEntry } from './define.ts';

/** A few bytes can unpack to gigabytes, which must not be how a message stops a bridge. */
const maxOutputLength = 16 * 1024 * 1024;

const compressor = (
  name: string,
  wrapping: string,
  how: (data: Buffer) => Buffer,
  examples: FunctionEntry['examples'],
): FunctionEntry =>
  define({
    name,
    parameters: [bytes('data')],
    returns: 'bytes',
    description: `The bytes compressed with DEFLATE, ${wrapping}.`,
    examples,
    call: ([data]) => how(data),
  });

const decompressor = (
  name: string,
  of: string,
  how: (data: Buffer, options: { maxOutputLength: number }) => Buffer,
  example: string,
): FunctionEntry =>
  define({
    name,
    parameters: [bytes('data')],
    returns: 'bytes',
    description: `The bytes that ${of} compressed, up to 16 MiB of them.`,
    examples: [[example, 'hello']],
    call: ([data]) => {
      try {
        return how(data, { maxOutputLength });
      } catch (error) {
        throw new Refusal(`the bytes cannot be decompressed (${(error as Error).message})`);
      }
    },
  });

export const compressionFunctions: readonly FunctionEntry[] = [
  compressor('zip', 'without header and checksum', deflateRawSync, [["bin2hexstr(zip('hello'))", 'CB48CDC9C90700']]),
  decompressor('unzip', 'zip', inflateRawSync, "unzip(hexstr2bin('CB48CDC9C90700'))"),
  compressor('gzip', 'with the header and checksum of gzip', gzipSync, [["gunzip(gzip('hello'))", 'hello']]),
  decompressor(
    'gunzip',
    'gzip',
    gunzipSync,
    "gunzip(hexstr2bin('1F8B0800000000000013CB48CDC9C9070086A6103605000000'))",
  ),
  compressor('zip_compress', 'with the header and checksum of zlib', deflateSync, [
    ["bin2hexstr(zip_compress('hello'))", '789CCB48CDC9C90700062C0215'],
  ]),
  decompressor(
    'zip_uncompress',
    'zip_compress',
    inflateSync,
    "zip_uncompress(hexstr2bin('789CCB48CDC9C90700062C0215'))",
  ),
];
