import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { TableSection } from '../schema/tables.ts';
import { tableFormat } from '../table-format.ts';
import type { SemanticCheck } from './check.ts';

const section: Path = ['spec', 'tables'];

/** How tables are written must be clear before one is read. */
export const tableChecks: readonly SemanticCheck[] = [
  {
    reads: [section],
    check: ({ spec: { tables } }) => tables.flatMap((table, index) => checkTable(table, [...section, index])),
  },
];

function checkTable(table: TableSection, path: Path): Finding[] {
  const { file, key, separator } = table;
  const format = tableFormat(table);
  const conflict = (name: string, reason: string, remedy: string): Finding =>
    finding([...path, name], 'field-conflict', { reason }, { at: 'key', remedy });
  if (format === undefined) {
    const name = file === undefined ? 'text' : 'file';
    return [conflict(name, `\`${name}\` does not say how the table is written.`, 'Add `format`: csv, json or ndjson.')];
  }
  const findings: Finding[] = [];
  if (key === undefined && format !== 'json')
    findings.push(
      conflict('name', `A table in ${format} needs \`key\`.`, 'Add `key`: the column that rows are found by.'),
    );
  if (separator !== ',' && format !== 'csv')
    findings.push(conflict('separator', `\`separator\` is for CSV, and the table is ${format}.`, 'Leave it out.'));
  return findings;
}
