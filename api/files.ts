/** Reads what the command line names: files, folders, and standard input; never more of a file than a document may have. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { MkbError } from './errors.ts';

/** The most bytes of one file. */
export const fileLimit = 1024 * 1024;

/** A file as read, or the reason why it was not. */
export type Source =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly error: MkbError };

export interface ReadOptions {
  /** What `-` reads. Default: the standard input of the process. */
  readonly stdin?: Readable;
}

/** Files in the order given, those of a folder by name. */
export const readSources = async (
  paths: readonly string[],
  { stdin = process.stdin }: ReadOptions,
): Promise<Source[]> => {
  const each = await Promise.all(paths.map(name => (name === '-' ? [readStream('<stdin>', stdin)] : readPath(name))));
  return Promise.all(each.flat());
};

const readPath = async (name: string): Promise<(Source | Promise<Source>)[]> => {
  try {
    if (!(await stat(name)).isDirectory()) return [readStream(name, createReadStream(name))];
    const files = (await readdir(name)).filter(isDocument).sort();
    if (files.length === 0) return [unreadable(name, 'the folder has no .yaml, .yml or .json file')];
    return files.map(file => readStream(path.join(name, file), createReadStream(path.join(name, file))));
  } catch (error) {
    return [unreadable(name, reasonOf(error))];
  }
};

/** Whether a file of a folder is taken for a document. Tests of rules lie beside the documents that they test, and are none. */
export const isDocument = (file: string): boolean => /\.(ya?ml|json)$/i.test(file) && !isTestFile(file);

/** Whether a file's name says that it holds tests of rules: `cars_test.yaml`. */
export const isTestFile = (file: string): boolean => /_test\.(ya?ml|json)$/i.test(file);

const readStream = async (file: string, stream: Readable): Promise<Source> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk));
      size += chunks.at(-1)!.length;
      if (size > fileLimit) return { file, error: tooLarge() };
    }
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch (error) {
    return unreadable(file, error instanceof TypeError ? 'it is not UTF-8 text' : reasonOf(error));
  }
};

const tooLarge = () => new MkbError('document-too-large', { what: 'more than 1 MiB', limit: '1 MiB' });

const unreadable = (file: string, reason: string): Source => ({
  file,
  error: new MkbError('document-unreadable', { file, reason }),
});

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
};

const reasonOf = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return reasons[code] ?? code;
};
