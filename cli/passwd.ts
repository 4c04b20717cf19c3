/** `mkb passwd`: the line of a user for `mqtt.clients.passwords`. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';
import { MkbError } from '../api/errors.ts';
import { parsePasswords, passwordLine, userNameProblem } from '../bridge/listen/passwords.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';

const help = `
Reads the password from the terminal without showing it, or from standard input, and prints the line of the user: the name, and an argon2id
hash of the password. With --file the line is written to a file, in the place of the user's old one; a bridge that uses the file reads it again.

Examples:
  mkb passwd car-1 >> passwords
  mkb passwd car-1 --file passwords
  pwgen -s 24 1 | tee car-1.password | mkb passwd car-1 --file passwords
${exitCodeHelp(
  [exitCodes.ok, 'the line is printed, or written'],
  [exitCodes.failed, 'the file cannot be read or written, or nobody can have this user name'],
  [exitCodes.usage, 'the command line is wrong'],
)}`;

export const passwdCommand = (): Command =>
  new Command('passwd')
    .description('hash the password of an MQTT client that connects to a bridge (mqtt.listen)')
    .argument('<user>', 'the user name')
    .option('--file <path>', 'write the line to this file')
    .option('--delete', 'with --file: take the user out of it')
    .addHelpText('after', help)
    .action(async (user: string, options: { file?: string; delete?: boolean }, command: Command) => {
      if (options.delete && options.file === undefined) command.error('error: --delete needs --file');
      try {
        await passwd(user, options);
      } catch (error) {
        printError(error);
        process.exitCode = exitCodes.failed;
      }
    });

async function passwd(user: string, options: { file?: string; delete?: boolean }): Promise<void> {
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
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
