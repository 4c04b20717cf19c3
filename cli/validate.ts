/** `mkb validate`: everything that is wrong with documents, without connecting anywhere. */
import type { Loaded } from '../api/load.ts';
import { userProblems } from '../api/load-user.ts';
import { userKind } from '../api/mqtt-user.ts';
import { hasErrors } from '../api/problems.ts';
import { configurationProblems, operatorKind } from '../operator/configuration.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblems } from './output.ts';

/** Returns the exit code. */
export const validate = async (files: readonly string[], { json }: { readonly json?: true }): Promise<number> => {
  const others = { [operatorKind]: configurationProblems, [userKind]: userProblems };
  const loaded = await loadChecked(files, 'anywhere', others);
  if (json) process.stdout.write(`${JSON.stringify(summary(loaded), null, 2)}\n`);
  else tell(loaded);
  return hasErrors(loaded.problems) ? exitCodes.configuration : exitCodes.ok;
};

const summary = ({ documents, problems }: Loaded) => ({
  valid: !hasErrors(problems),
  documents: documents.map(({ file, document }) => ({ file, name: document.metadata.name })),
  problems,
});

const tell = ({ documents, others, problems }: Loaded): void => {
  printProblems(problems);
  for (const { file, document } of documents) process.stdout.write(`${file}: ${document.metadata.name} is valid\n`);
  for (const { file, kind } of others) process.stdout.write(`${file}: the ${kind} is valid\n`);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) process.stderr.write(`\n${errors} ${errors === 1 ? 'error' : 'errors'}\n`);
};
