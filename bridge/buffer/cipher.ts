/**
 * Batches encrypted with AES-256-GCM.
 *
 * Each file has a key of its own, derived (HKDF-SHA-256) from the given one and the file's random salt. The nonce is where the batch begins in the
 * file: no file writes twice at one place, so that no nonce is used twice under one key. The batch's header is authenticated with it.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';

export const tagBytes = 16;
export const saltBytes = 16;
export const keyIdBytes = 8;
const keyBytes = 32;
const algorithm = 'aes-256-gcm';

/** A key as a document gives it: 32 bytes in base64 or hexadecimal. Throws `buffer-key-invalid`. */
export function parseKey(text: string): Buffer {
  const given = text.trim();
  const hex = /^[0-9a-f]{64}$/i.test(given);
  const key = Buffer.from(given, hex ? 'hex' : 'base64');
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(given);
  if ((!hex && !isBase64) || key.length !== keyBytes) throw new MkbError('buffer-key-invalid', {});
  return key;
}

/** Which key it is, without a hint at the key. */
export const keyIdOf = (key: Buffer): Buffer =>
  createHmac('sha256', key).update('mkb buffer key id').digest().subarray(0, keyIdBytes);

export const newSalt = (): Buffer => randomBytes(saltBytes);

export class FileCipher {
  readonly #key: Buffer;

  constructor(key: Buffer, salt: Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', key, salt, 'mkb buffer file', keyBytes));
  }

  /** Tag and encrypted bytes. @param offset where the batch begins in its file */
  encrypt(plain: Buffer, header: Buffer, offset: number): Buffer {
    const cipher = createCipheriv(algorithm, this.#key, nonceOf(offset)).setAAD(header);
    const encrypted = cipher.update(plain);
    cipher.final();
    return Buffer.concat([cipher.getAuthTag(), encrypted]);
  }

  /** The plain bytes, in memory of their own; undefined if they are not what was encrypted. */
  decrypt(body: Buffer, header: Buffer, offset: number): Buffer | undefined {
    if (body.length < tagBytes) return undefined;
    const decipher = createDecipheriv(algorithm, this.#key, nonceOf(offset)).setAAD(header);
    decipher.setAuthTag(body.subarray(0, tagBytes));
    try {
      const plain = decipher.update(body.subarray(tagBytes));
      decipher.final();
      return plain;
    } catch {
      return undefined;
    }
  }
}

function nonceOf(offset: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(BigInt(offset));
  return nonce;
}
