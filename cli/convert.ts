/** `mkb convert`: a document in place of another bridge's configuration. */
import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { MkbError } from '../api/errors.ts';
import { loadText } from '../api/load.ts';
import { convert, documentText } from '../convert/convert.ts';
import { checksFor } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';

/** Returns the exit code. */
export const convertFile = async (file: string): Promise<number> => {
  const text = await read(file);
  if (text === undefined) return exitCodes.configuration;
  const converted = convert(text);
  if (converted === undefined) {
    printError(new MkbError('conversion-unknown', { file }));
    return exitCodes.configuration;
  }
  const { from, drafts } = converted;
  const documents = drafts.map(draft => {
    for (const { path, message } of problemsOf(documentText(draft, from))) draft.note(`${path}: ${message}`);
    for (const note of draft.notes) process.stderr.write(`warning: ${draft.name}: ${note}\n`);
    return documentText(draft, from);
  });
  process.stdout.write(documents.join('---\n'));
  return exitCodes.ok;
};

/** What is still wrong with the document that was made: a person has to write it. */
const problemsOf = (text: string) =>
  loadText(text, 'document', { checks: checksFor('anywhere') }).problems.filter(({ severity }) => severity === 'error');

const read = async (file: string): Promise<string | undefined> => {
  try {
    return file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    printError(
      new MkbError('document-unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? String(error) }),
    );
    return undefined;
  }
};
