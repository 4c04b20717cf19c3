/** The tables of a document by name. What they hold comes later, and changes: a rule is compiled with names, and looks rows up in what is there. */
import { MkbError } from '../../api/errors.ts';
import type { TableSection } from '../../api/schema/tables.ts';
import { tableFormat } from '../../api/table-format.ts';
import { bytes as bytesOf } from '../../api/units.ts';
import type { Value } from '../value.ts';
import { TableFault } from './fault.ts';
import { lineOf, makeRows, Rows, type RowsMemory } from './rows.ts';

export class Table {
  readonly section: TableSection;
  /** Why there are no rows yet. */
  problem = 'nobody has read it yet';
  #rows: Rows | undefined;

  constructor(section: TableSection) {
    this.section = section;
  }

  get name(): string {
    return this.section.name;
  }

  get rows(): Rows | undefined {
    return this.#rows;
  }

  /** Takes other rows, at once and all of them. */
  use(rows: Rows): void {
    const before = this.#rows;
    this.#rows = rows;
    if (before !== rows) before?.release();
  }

  /** Throws `table-not-read`. */
  lookup(key: string): Value {
    if (this.#rows === undefined) throw new MkbError('table-not-read', { name: this.name, reason: this.problem });
    return this.#rows.get(key);
  }
}

export interface Tables {
  readonly names: readonly string[];
  readonly all: readonly Table[];
  find(name: string): Table | undefined;
}

/** Those of a document, none of which is read yet. */
export const tablesOf = (sections: readonly TableSection[]): Tables =>
  tablesFrom(sections.map(each => new Table(each)));

export const tablesFrom = (all: readonly Table[]): Tables => {
  const byName = new Map(all.map(table => [table.name, table]));
  return { names: [...byName.keys()], all, find: name => byName.get(name) };
};

export const noTables: Tables = tablesFrom([]);

/** What of tables goes to another thread. */
export type CopiedTables = readonly { readonly section: TableSection; readonly memory: RowsMemory | undefined }[];

/** What is copied of all tables together at most, bytes: a trial is not worth more. */
const mostCopied = 16 * 1024 * 1024;

/** To be copied at once: the memory is given back when a table gets other rows. @param sql names what it looks up: only that is copied */
export const tablesToCopy = ({ all }: Tables, sql: string): CopiedTables => {
  let left = mostCopied;
  return all.map(({ section, rows }) => {
    if (rows === undefined || !sql.includes(section.name) || rows.heldBytes > left)
      return { section, memory: undefined };
    left -= rows.heldBytes;
    return { section, memory: rows.memory };
  });
};

export const tablesOfCopy = (copied: CopiedTables): Tables =>
  tablesFrom(
    copied.map(({ section, memory }) => {
      const table = new Table(section);
      if (memory !== undefined) table.use(new Rows(memory));
      else table.problem = 'it is too large for the page, or not there yet: mkb eval --document reads it';
      return table;
    }),
  );

/** The rows of a text, a piece with each step. Throws `table-invalid` and `table-too-large`. @param bytes as for `makeRows` */
export function* rowsOfText(section: TableSection, bytes: Buffer): Generator<void, Rows> {
  const { name, file, key, separator, maxRows, maxBytes } = section;
  const limit = bytesOf(maxBytes);
  if (bytes.length > limit) throw new MkbError('table-too-large', { name, file, bytes: bytes.length, limit });
  try {
    return yield* makeRows(bytes, { format: tableFormat(section)!, key, separator }, maxRows);
  } catch (cause) {
    if (!(cause instanceof TableFault)) throw cause;
    const { offset, message: reason } = cause;
    throw new MkbError('table-invalid', { name, file, line: lineOf(bytes, offset), reason }, { cause });
  }
}

/** All at once, for a table that stands in the document. Throws as `rowsOfText`. */
export function rowsAtOnceOf(section: TableSection, text: string): Rows {
  const steps = rowsOfText(section, ownBytes(text));
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Memory that can be given back. */
export const ownBuffer = (length: number): Buffer => Buffer.from(new ArrayBuffer(length));

function ownBytes(text: string): Buffer {
  const bytes = ownBuffer(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
