/** Bytes as people write them in a document: text as it is, anything else, control characters too, as `base64:` and base64. */
import { isUtf8 } from 'node:buffer';

const prefix = 'base64:';

/** The bytes that were written; undefined when what follows `base64:` is not base64 (RFC 4648, 4). */
export const bytesOf = (written: string): Buffer | undefined => {
  if (!written.startsWith(prefix)) return Buffer.from(written);
  const encoded = written.slice(prefix.length);
  const digits = encoded.replace(/=+$/, '').length;
  return /^[A-Za-z0-9+/]*={0,2}$/.test(encoded) && digits % 4 !== 1 ? Buffer.from(encoded, 'base64') : undefined;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them.
const unprintable = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** How bytes are written, so that `bytesOf` gives the same again. */
export const writtenBytes = (bytes: Buffer): string => {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  return text === undefined || text.startsWith(prefix) || unprintable.test(text)
    ? prefix + bytes.toString('base64')
    : text;
};
