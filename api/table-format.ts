/** How a table of a document is written: as `format` says, or the name of the file. */
import type { TableSection } from './schema/tables.ts';

export function tableFormat({ format, file }: Pick<TableSection, 'format' | 'file'>): TableSection['format'] {
  if (format !== undefined) return format;
  const ending = /\.(csv|json|ndjson|jsonl)$/i.exec(file ?? '')?.[1]?.toLowerCase();
  return ending === 'jsonl' ? 'ndjson' : (ending as TableSection['format']);
}
