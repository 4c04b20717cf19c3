/** Bytes for a person or a program to look at: a copy, as text if they are text, and never more of them than was asked for. */
import { isUtf8 } from 'node:buffer';

export interface ShownBytes {
  /** How many there are in all. */
  readonly bytes: number;
  /** Of UTF-8. */
  readonly text?: string;
  /** Of anything else. */
  readonly base64?: string;
  /** Whether `text` or `base64` is only the beginning, or left out. */
  readonly cut?: true;
}

export function shownBytes(all: Buffer | string, most: number): ShownBytes {
  const bytes = Buffer.byteLength(all);
  // A unit of text is a byte or more.
  const begin = typeof all === 'string' ? Buffer.from(all.slice(0, most)) : all;
  const cut = bytes > most ? { cut: true as const } : {};
  const part = begin.subarray(0, most);
  const whole = bytes > most ? wholeCharacters(part) : part;
  if (isUtf8(whole)) return { bytes, text: whole.toString(), ...cut };
  return { bytes, base64: part.toString('base64'), ...cut };
}

/** Without the beginning of a character at its end: of four bytes at most, of which the first is 11xxxxxx. */
function wholeCharacters(part: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, part.length); back++) {
    const byte = part[part.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? part.subarray(0, part.length - back) : part;
    }
  }
  return part;
}
