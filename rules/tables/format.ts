/** How the rows of a table are written. They stay as they are written until one is looked up, so a format has two parts: cutting a text into rows, and reading one. */
import { cutCsv, readCsv } from './csv.ts';
import { cutJson, cutLines, readMember, readObject } from './json-rows.ts';
import type { Format, KeyedRow, TakeRow, Written } from './written.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Cuts a text into rows, and checks each. Yields now and then, so that a long text can be cut in pieces. Throws TableFault. */
export function cutRows(bytes: Buffer, written: Written, take: TakeRow): Generator<void, Format> {
  const start = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  if (written.format === 'csv') return cutCsv(bytes, start, { ...written, key: written.key! }, take);
  return written.format === 'json'
    ? cutJson(bytes, start, written.key, take)
    : cutLines(bytes, start, written.key!, take);
}

/** A row that was cut, which cannot be wrong any more. */
export function readRow(row: Buffer, format: Format): KeyedRow {
  if (format.kind === 'csv') return readCsv(row, format);
  return format.kind === 'objects' ? readObject(row, 0, format.key) : readMember(row, 0);
}
