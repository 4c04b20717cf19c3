/** What rules know of a document beside themselves: its schemas, and its tables as their files are now. */
import { type LoadedDocument, loadDocuments } from '../api/load.ts';
import { hasErrors } from '../api/problems.ts';
import { readOnce } from '../bridge/tables/read-rows.ts';
import { checkSchemas } from '../rules/check-schemas.ts';
import { checkTables } from '../rules/check-tables.ts';
import { noSchemas, schemasOf } from '../rules/schemas/schemas.ts';
import type { Ambient } from '../rules/scope.ts';
import { noTables, tablesOf } from '../rules/tables/tables.ts';
import { printProblems } from './output.ts';

export type DocumentWorld = Pick<Ambient, 'schemas' | 'tables'>;

/** Tables that cannot be read say so to the rule that looks something up. @returns undefined if the document is not valid, which was then reported */
export const worldOfFile = async (file: string | undefined): Promise<DocumentWorld | undefined> => {
  if (file === undefined) return { schemas: noSchemas, tables: noTables };
  const checks = [
    { reads: [['spec', 'schemas']], check: (loaded: LoadedDocument) => checkSchemas(loaded).problems },
    { reads: [['spec', 'tables']], check: (loaded: LoadedDocument) => checkTables(loaded).problems },
  ];
  const { documents, problems } = await loadDocuments([file], { checks });
  printProblems(problems);
  if (hasErrors(problems)) return undefined;
  const schemas = schemasOf(documents.flatMap(({ document }) => document.spec.schemas));
  const tables = tablesOf(documents.flatMap(({ document }) => document.spec.tables));
  await readOnce(tables);
  return { schemas, tables };
};
