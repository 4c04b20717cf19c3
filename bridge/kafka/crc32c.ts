/**
 * CRC-32C, which closes every record batch.
 *
 * @platformatic/kafka brings two implementations and copies the bytes before the faster one. That copy is as large as all traffic, and
 * memory outside the heap makes the garbage collector run; so its native module is called directly where there is one for this machine.
 */
import { createRequire } from 'node:module';
import { crc32c as portable } from '@platformatic/kafka';

function native(): ((bytes: Uint8Array) => number) | undefined {
  try {
    return createRequire(import.meta.url)('@node-rs/crc32').crc32c;
  } catch {
    return undefined;
  }
}

/** The CRC-32C (Castagnoli) of `bytes`, 0 to 2^32 - 1. */
export const crc32c: (bytes: Buffer) => number = native() ?? portable;
