/** `mkb passwd`: the line of a user for `mqtt.clients.passwords`. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { MkbError } from '../api/errors.ts';
import { parsePasswords, passwordLine, userNameProblem } from '../bridge/listen/passwords.ts';

export interface PasswdOptions {
  readonly file?: string;
  readonly delete?: boolean;
}

export async function passwd(user: string, options: PasswdOptions): Promise<void> {
  const problem = userNameProblem(user);
  if (problem !== undefined)
    throw new MkbError('option-invalid', { option: 'user', found: user, allowed: `a user name: ${problem}` });
  const line = options.delete ? undefined : await passwordLine(user, Buffer.from(await askPassword(user)));
  if (options.file === undefined) process.stdout.write(`${line}\n`);
  else await replaceIn(options.file, user, line);
}

/** The file is never seen half written, and only its owner reads it if it is new. */
async function replaceIn(file: string, user: string, line: string | undefined): Promise<void> {
  try {
    const before = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    parsePasswords(before);
    const others = before.split(/\r?\n/).filter(each => each !== '' && !each.startsWith(`${user}:`));
    const text = [...others, ...(line === undefined ? [] : [line])].map(each => `${each}\n`).join('');
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (cause) {
    if (MkbError.is(cause)) throw cause;
    const reason = `${file}: ${(cause as NodeJS.ErrnoException).code ?? cause}`;
    throw new MkbError('password-file-invalid', { reason }, { cause });
  }
}

async function askPassword(user: string): Promise<string> {
  const { stdin } = process;
  const password = stdin.isTTY ? await unseen(`Password of ${user}: `) : (await readAll(stdin)).replace(/\r?\n$/, '');
  if (password !== '') return password;
  throw new MkbError('option-invalid', { option: 'the password', found: '', allowed: 'one of at least one character' });
}

async function unseen(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Before the question: what is typed at once is not shown either.
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
