/** Checks the tables that stand in a document itself. Files are read by whoever runs it. */
import type { LoadedDocument } from '../api/load.ts';
import type { Problem } from '../api/problems.ts';
import type { TableSection } from '../api/schema/tables.ts';
import { tableFormat } from '../api/table-format.ts';
import { problemOf } from './problem-of.ts';
import { rowsAtOnceOf, type Tables, tablesOf } from './tables/tables.ts';

export interface CheckedTables {
  readonly tables: Tables;
  readonly problems: readonly Problem[];
}

export const checkTables = (loaded: LoadedDocument): CheckedTables => {
  const { tables: section } = loaded.document.spec;
  const all: readonly TableSection[] = Array.isArray(section) ? section : [];
  const named = all.filter(table => typeof table?.name === 'string');
  const problems = all.flatMap((table, index) => {
    if (!isWhole(table)) return [];
    try {
      rowsAtOnceOf(table, table.text);
      return [];
    } catch (error) {
      return [problemOf(loaded, ['spec', 'tables', index, 'text'], error)];
    }
  });
  return { tables: tablesOf(named), problems };
};

/** What has another shape is reported elsewhere. */
const isWhole = (table: TableSection | undefined): table is TableSection & { text: string } => {
  if (typeof table?.text !== 'string' || table.file !== undefined) return false;
  const { name, key, separator, maxRows, maxBytes } = table;
  const format = tableFormat(table);
  const texts = [name, separator, maxBytes].every(each => typeof each === 'string') && typeof maxRows === 'number';
  return texts && format !== undefined && (key === undefined ? format === 'json' : typeof key === 'string');
};
