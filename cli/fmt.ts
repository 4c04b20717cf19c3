/** `mkb fmt`: writes documents in one form, or says which are not. */
import { randomUUID } from 'node:crypto';
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { MkbError } from '../api/errors.ts';
import { readSources } from '../api/files.ts';
import { exitCodes } from './exit-codes.ts';
import { formatText } from './fmt-document.ts';
import { printError } from './output.ts';

export interface FmtOptions {
  readonly check?: true;
}

/** Returns the exit code. A file that cannot be formatted keeps none of the others from it. */
export const fmt = async (paths: readonly string[], { check }: FmtOptions): Promise<number> => {
  let code: number = exitCodes.ok;
  for (const source of await readSources(paths, {})) {
    try {
      if ('error' in source) throw source.error;
      const { file, text } = source;
      const formatted = formatText(text, file);
      if (check && formatted !== text) code = Math.max(code, exitCodes.failed);
      await give(file, text, formatted, check === true);
    } catch (error) {
      printError(error);
      code = exitCodes.configuration;
    }
  }
  return code;
};

async function give(file: string, text: string, formatted: string, isCheck: boolean): Promise<void> {
  const isStdin = file === '<stdin>';
  if (isStdin && !isCheck) process.stdout.write(formatted);
  if (formatted === text || (isStdin && !isCheck)) return;
  if (!isCheck) await replace(file, formatted);
  process.stdout.write(`${file}\n`);
}

/** All of it or nothing: a document that is half written is lost. */
async function replace(file: string, text: string): Promise<void> {
  let beside: string | undefined;
  try {
    const target = await realpath(file);
    const { mode } = await stat(target);
    beside = `${target}.${randomUUID()}`;
    await writeFile(beside, text, { mode, flag: 'wx' });
    await rename(beside, target);
  } catch (cause) {
    if (beside !== undefined) await rm(beside, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    throw new MkbError('document-not-formatted', { file, reason: `it cannot be written (${code})` }, { cause });
  }
}
