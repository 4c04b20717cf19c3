/** The command line of `mkb passwd`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { PasswdOptions } from '../passwd.ts';

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
    .argument('<user>', 'the user name')
    .option('--file <path>', 'write the line to this file')
    .option('--delete', 'with --file: take the user out of it')
    .addHelpText('after', help)
    .action(async (user: string, options: PasswdOptions, command: Command) => {
      if (options.delete && options.file === undefined) command.error('error: --delete needs --file');
      const { passwd } = await import('../passwd.ts');
      await passwd(user, options);
    });
