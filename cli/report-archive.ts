/** Files as a `.tar.gz`, in the form of POSIX (ustar). Names are ours: short, and without anything but letters, digits, `-`, `.` and `/`. */
import { gzipSync } from 'node:zlib';

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

const block = 512;

/** @param now milliseconds since 1970 */
export const archive = (files: readonly ReportFile[], now: number): Buffer => {
  const blocks = files.flatMap(({ name, text }) => {
    const content = Buffer.from(text);
    return [header(name, content.length, now), content, Buffer.alloc((block - (content.length % block)) % block)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * block)]));
};

function header(name: string, size: number, now: number): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  bytes.write(name, 0, 100, 'latin1');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(now / 1000), 136, 12);
  bytes.write('        0', 148, 'latin1');
  bytes.write('ustar\x0000', 257, 'latin1');
  const sum = bytes.reduce((all, byte) => all + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}
