/** What bounds the work on a table. */
import { TableFault } from './fault.ts';

/** After so many rows others get a turn. */
export const rowsAtOnce = 500;

const mebibyte = 2 ** 20;
/** Of one row: whoever looks it up reads it whole. */
const mostRowBytes = mebibyte;

/** Throws TableFault. */
export function checkLength(start: number, end: number): void {
  if (end - start > mostRowBytes)
    throw new TableFault(start, `it has ${end - start} bytes, and a row may have ${mostRowBytes}`);
}
