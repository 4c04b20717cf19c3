/** `mkb config print`: documents as the bridge sees them, with every default filled in and no secret. */
import { stringify } from 'yaml';
import { hasErrors } from '../api/problems.ts';
import { redact } from '../api/secrets.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblems } from './output.ts';

export const print = async (files: readonly string[]): Promise<number> => {
  const { documents, problems } = await loadChecked(files, 'anywhere');
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  process.stdout.write(documents.map(({ document }) => stringify(redact(document), { lineWidth: 0 })).join('---\n'));
  return exitCodes.ok;
};
