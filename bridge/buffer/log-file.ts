/**
 * A data file: its name and its header. Batches follow (batch.ts).
 *
 *     0   8  "MKBUFFER"
 *     8   2  version of the format, 1
 *     10  2  flags: 1 when batches are encrypted, 2 when the last eight bytes say something
 *     12  4  CRC-32C of the other bytes
 *     16  8  id of the first record, a 64-bit float
 *     24  8  when the file was made, milliseconds since 1970, a 64-bit float
 *     32  8  which key, if they are encrypted
 *     40  16 salt of the file's own key
 *     56  8  id up to which the files before had everything, a 64-bit float: what is missing from there to the first record was not written to its end
 *
 * All numbers are little-endian. Files are called by a number that grows: 00000001.data. A file is written once, by one process, and never appended to after that.
 */
import { MkbError } from '../../api/errors.ts';
import { FileCipher, keyIdBytes, keyIdOf, newSalt, saltBytes } from './cipher.ts';
import { crc32cOfWords } from './crc32c-words.ts';

export const fileHeaderBytes = 64;
export const formatVersion = 1;
const magic = 'MKBUFFER';
const encryptedFlag = 1;
const writtenToFlag = 2;
const namePattern = /^(\d{8,})\.data$/;

export interface Origin {
  readonly firstId: number;
  /** Ids from here to `firstId` may be in no file without being lost: the process died while it wrote them, or delivered them without a disk. */
  readonly writtenTo: number;
  readonly createdAt: number;
}

export interface FileHeader extends Origin {
  readonly encrypted: boolean;
  /** Undefined for batches that are not encrypted, or are not to be read. */
  readonly cipher: FileCipher | undefined;
}

export const fileName = (number: number): string => `${String(number).padStart(8, '0')}.data`;

/** The number of a data file; undefined for another file. */
export function fileNumber(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The header of a new file as bytes, and what encrypts its batches. */
export function newHeader(
  { firstId, writtenTo, createdAt }: Origin,
  key: Buffer | undefined,
): FileHeader & { readonly bytes: Buffer } {
  const bytes = Buffer.alloc(fileHeaderBytes);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt16LE(formatVersion, 8);
  bytes.writeDoubleLE(firstId, 16);
  bytes.writeDoubleLE(createdAt, 24);
  bytes.writeDoubleLE(writtenTo, 56);
  bytes.writeUInt16LE(key === undefined ? writtenToFlag : writtenToFlag | encryptedFlag, 10);
  const salt = newSalt();
  if (key !== undefined) {
    keyIdOf(key).copy(bytes, 32);
    salt.copy(bytes, 32 + keyIdBytes);
  }
  bytes.writeInt32LE(checksum(bytes), 12);
  return {
    firstId,
    writtenTo,
    createdAt,
    encrypted: key !== undefined,
    cipher: key && new FileCipher(key, salt),
    bytes,
  };
}

/** A key to read files with; `unread` where their messages are not to be read. */
export type ReadKey = Buffer | undefined | 'unread';

/**
 * The header of a file; undefined if it is damaged. Throws `buffer-version-unknown`, `buffer-key-missing` and `buffer-key-wrong`.
 *
 * @param path for the errors
 */
export function readHeader(bytes: Buffer, path: string, key: ReadKey): FileHeader | undefined {
  if (bytes.length < fileHeaderBytes || bytes.toString('latin1', 0, 8) !== magic) return undefined;
  // Before the checksum, which another version may have elsewhere.
  const version = bytes.readUInt16LE(8);
  if (version > formatVersion) throw new MkbError('buffer-version-unknown', { path, version, known: formatVersion });
  if (bytes.readInt32LE(12) !== checksum(bytes)) return undefined;
  const firstId = bytes.readDoubleLE(16);
  const saysWrittenTo = (bytes.readUInt16LE(10) & writtenToFlag) !== 0;
  return {
    firstId,
    writtenTo: saysWrittenTo ? bytes.readDoubleLE(56) : firstId,
    createdAt: bytes.readDoubleLE(24),
    encrypted: (bytes.readUInt16LE(10) & encryptedFlag) !== 0,
    cipher: cipherOf(bytes, path, key),
  };
}

function cipherOf(bytes: Buffer, path: string, key: ReadKey): FileCipher | undefined {
  if (key === 'unread' || (bytes.readUInt16LE(10) & encryptedFlag) === 0) return undefined;
  if (key === undefined) throw new MkbError('buffer-key-missing', { path });
  if (!keyIdOf(key).equals(bytes.subarray(32, 32 + keyIdBytes))) throw new MkbError('buffer-key-wrong', { path });
  const saltAt = 32 + keyIdBytes;
  return new FileCipher(key, bytes.subarray(saltAt, saltAt + saltBytes));
}

function checksum(bytes: Buffer): number {
  const words = new Int32Array(fileHeaderBytes / 4);
  Buffer.from(words.buffer).set(bytes.subarray(0, fileHeaderBytes));
  words[3] = 0;
  return crc32cOfWords(words, 0, words.length);
}
