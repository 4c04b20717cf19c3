/** The table that examples of `lookup` use: the reference shows it, and tests run with it. */
import { rowsAtOnceOf, type Tables, tablesOf } from '../tables/tables.ts';

export const exampleTableText = 'vin,owner\nV1,Ada\n';

/** Read, as that of a document would be. */
export const exampleTables = (): Tables => {
  const section = { format: 'csv', key: 'vin', separator: ',', maxRows: 10, maxBytes: '1KiB' } as const;
  const tables = tablesOf([{ name: 'devices', text: exampleTableText, ...section }]);
  for (const table of tables.all) table.use(rowsAtOnceOf(table.section, table.section.text!));
  return tables;
};
