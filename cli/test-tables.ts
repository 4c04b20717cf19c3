/** The tables that a test runs with: those of the document, and in their place what the test itself gives. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import type { Path, Problem } from '../api/problems.ts';
import type { RuleTest } from '../api/schema/rule-tests.ts';
import { tableFormat } from '../api/table-format.ts';
import { problemOf } from '../rules/problem-of.ts';
import { rowsAtOnceOf, Table, type Tables, tablesFrom } from '../rules/tables/tables.ts';

export interface TestTables {
  readonly tables: Tables;
  readonly problems: readonly Problem[];
}

/** @param path of the test in the file that `places` is about */
export const testTables = (
  tables: Tables,
  given: RuleTest['tables'],
  places: Parameters<typeof problemOf>[0],
  path: Path,
): TestTables => {
  if (given === undefined) return { tables, problems: [] };
  const own = new Map<string, Table>();
  const problems = given.flatMap(({ name, text, format }, index) => {
    try {
      const { section } = tableNamed(tables, name);
      const { file: _, ...others } = section;
      const table = new Table({ ...others, text, format: format ?? tableFormat(section)! });
      table.use(rowsAtOnceOf(table.section, text));
      own.set(name, table);
      return [];
    } catch (error) {
      const at = MkbError.is(error, 'table-not-found') ? 'name' : 'text';
      return [problemOf(places, [...path, 'tables', index, at], error)];
    }
  });
  return { tables: tablesFrom(tables.all.map(table => own.get(table.name) ?? table)), problems };
};

const tableNamed = (tables: Tables, name: string): Table => {
  const found = tables.find(name);
  if (found !== undefined) return found;
  throw new MkbError('table-not-found', { name, meant: nearest(name, tables.names) });
};
