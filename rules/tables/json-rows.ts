/**
 * Rows in JSON: the members of an object, the objects of a list, or one object on each line.
 *
 * The text is cut by its brackets, and each piece is then decoded, which says whether it is JSON: so no row is ever read that is not, and the
 * text is never decoded as a whole.
 */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../../api/errors.ts';
import { decodeJson } from '../json.ts';
import { isInteger, isMap, ownValue, type Value, type ValueMap } from '../value.ts';
import { TableFault } from './fault.ts';
import { checkLength, rowsAtOnce } from './pieces.ts';
import type { Format, KeyedRow, TakeRow } from './written.ts';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const lineFeed = 0x0a;
const [openList, closeList] = [0x5b, 0x5d];
const [openMap, closeMap] = [0x7b, 0x7d];

export function* cutJson(
  bytes: Buffer,
  start: number,
  key: string | undefined,
  take: TakeRow,
): Generator<void, Format> {
  const open = afterSpace(bytes, start);
  const format = formatOf(bytes[open], open, key);
  const close = format.kind === 'members' ? closeMap : closeList;
  let at = afterSpace(bytes, open + 1);
  for (let rows = 1; bytes[at] !== close || rows > 1; rows++) {
    const end = pieceEnd(bytes, at);
    const read = format.kind === 'members' ? readMember : readObject;
    take(
      at,
      end,
      keyOf(bytes, at, end, piece => read(piece, at, key!)),
    );
    if (bytes[end] === close) {
      at = end;
      break;
    }
    if (bytes[end] !== comma) throw new TableFault(end, `it does not end with ${String.fromCharCode(close)}`);
    at = afterSpace(bytes, end + 1);
    if (rows % rowsAtOnce === 0) yield;
  }
  const rest = afterSpace(bytes, at + 1);
  if (rest < bytes.length) throw new TableFault(rest, 'something follows the end of the table');
  return format;
}

function formatOf(first: number | undefined, at: number, key: string | undefined): Format {
  if (first === openMap) {
    if (key === undefined) return { kind: 'members' };
    throw new TableFault(at, 'it is an object, whose keys are those of the rows: leave out `key`');
  }
  if (first !== openList) throw new TableFault(at, 'it is no object and no list');
  if (key === undefined) throw new TableFault(at, 'it is a list: `key` must say what its rows are found by');
  return { kind: 'objects', key };
}

export function* cutLines(bytes: Buffer, start: number, key: string, take: TakeRow): Generator<void, Format> {
  let at = afterSpace(bytes, start);
  for (let rows = 1; at < bytes.length; rows++) {
    const found = bytes.indexOf(lineFeed, at);
    const end = found < 0 ? bytes.length : found;
    take(
      at,
      end,
      keyOf(bytes, at, end, row => readObject(row, at, key)),
    );
    at = afterSpace(bytes, end);
    if (rows % rowsAtOnce === 0) yield;
  }
  return { kind: 'objects', key };
}

function keyOf(bytes: Buffer, start: number, end: number, read: (row: Buffer) => KeyedRow): string {
  checkLength(start, end);
  const row = bytes.subarray(start, end);
  if (!isUtf8(row)) throw new TableFault(start, 'it is not UTF-8 text');
  return read(row).key;
}

/** @param at where it stands in the table */
export function readObject(row: Buffer, at: number, name: string): KeyedRow {
  const value = decoded(row, at);
  if (!isMap(value)) throw new TableFault(at, 'it is no object');
  const key = ownValue(value, name);
  if (isInteger(key)) return { key: String(key), value };
  if (typeof key === 'string' && key !== '') return { key, value };
  throw new TableFault(at, `${name}, which rows are found by, must be text or a whole number`);
}

const braces = [Buffer.from('{'), Buffer.from('}')] as const;

/** @param at where it stands in the table */
export function readMember(row: Buffer, at: number): KeyedRow {
  const map = decoded(Buffer.concat([braces[0], row, braces[1]]), at) as ValueMap;
  const [key] = Object.keys(map);
  if (!key) throw new TableFault(at, 'it has no key');
  return { key, value: map[key] };
}

function decoded(row: Buffer, at: number): Value {
  try {
    return decodeJson(row);
  } catch (error) {
    if (!MkbError.is(error, 'payload-not-json')) throw error;
    throw new TableFault(at, `it is no JSON: ${error.details.reason}`);
  }
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at++;
  return at;
}

/** Where a value or a member ends: at the comma after it, or the bracket that closes what it is in. */
function pieceEnd(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = textEnd(bytes, at);
    else if (byte === openMap || byte === openList) depth++;
    else if (byte === closeMap || byte === closeList) {
      if (depth-- === 0) return at;
    } else if (byte === comma && depth === 0) return at;
  }
  throw new TableFault(from, 'it does not end');
}

function textEnd(bytes: Buffer, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at] === backslash) at++;
    else if (bytes[at] === quote) return at;
  }
  throw new TableFault(from, 'a quote is not closed');
}
