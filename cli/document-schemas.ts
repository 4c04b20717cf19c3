/** The schemas that `mkb eval` and `mkb repl` know: those of the documents that are named. */
import { loadDocuments } from '../api/load.ts';
import { hasErrors } from '../api/problems.ts';
import { checkSchemas } from '../rules/check-schemas.ts';
import { noSchemas, type Schemas, schemasOf } from '../rules/schemas/schemas.ts';
import { printProblems } from './output.ts';

/** @returns undefined if the document is not valid, which was then told */
export const schemasOfFile = async (file: string | undefined): Promise<Schemas | undefined> => {
  if (file === undefined) return noSchemas;
  const check = {
    reads: [['spec', 'schemas']],
    check: (loaded: Parameters<typeof checkSchemas>[0]) => checkSchemas(loaded).problems,
  };
  const { documents, problems } = await loadDocuments([file], { checks: [check] });
  printProblems(problems);
  if (hasErrors(problems)) return undefined;
  return schemasOf(documents.flatMap(({ document }) => document.spec.schemas));
};
