/**
 * CRC-32C over 32-bit words, as the log has it for each record.
 *
 * `bridge/kafka/crc32c.ts` is the faster one for a whole batch, but it takes a Buffer, and an object for each message is what this avoids. Records are
 * padded to words, so that eight bytes are two loads. Measured: 150 ns for 300 bytes.
 */
const tables = makeTables();

/** The CRC-32C of words `start` to `end` (little-endian, as every machine that Node runs on has them), as a signed 32-bit number. */
export function crc32cOfWords(words: Int32Array, start: number, end: number): number {
  const table = tables;
  let crc = -1;
  let at = start;
  for (; at + 2 <= end; at += 2) {
    crc ^= words[at]!;
    const next = words[at + 1]!;
    crc =
      table[0x700 | (crc & 255)]! ^
      table[0x600 | ((crc >>> 8) & 255)]! ^
      table[0x500 | ((crc >>> 16) & 255)]! ^
      table[0x400 | (crc >>> 24)]! ^
      table[0x300 | (next & 255)]! ^
      table[0x200 | ((next >>> 8) & 255)]! ^
      table[0x100 | ((next >>> 16) & 255)]! ^
      table[next >>> 24]!;
  }
  if (at < end) {
    crc ^= words[at]!;
    crc =
      table[0x300 | (crc & 255)]! ^
      table[0x200 | ((crc >>> 8) & 255)]! ^
      table[0x100 | ((crc >>> 16) & 255)]! ^
      table[crc >>> 24]!;
  }
  return ~crc;
}

/** Table n has what a byte does that n more bytes follow. */
function makeTables(): Int32Array {
  const all = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    all[byte] = crc;
  }
  for (let at = 256; at < all.length; at++) all[at] = (all[at - 256]! >>> 8) ^ all[all[at - 256]! & 255]!;
  return all;
}
