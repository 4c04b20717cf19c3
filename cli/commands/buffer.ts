/** The command line of `mkb buffer`. */
import { Command } from 'commander';
import type { BufferOptions } from '../buffer.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

const help = `
Reads the files and changes nothing, so the bridge may be running. FOLDER is delivery.buffer.path, or the folder of one bridge in it.

Examples:
  mkb buffer status /var/lib/mkb
  mkb buffer verify /var/lib/mkb/vehicles-0
  mkb buffer export /var/lib/mkb/vehicles-0 --key-file key.txt > messages.jsonl
${exitCodeHelp([exitCodes.ok, 'done'], [exitCodes.failed, 'there is no buffer, it cannot be read, or verify found damage'])}`;

const keyOption = ['--key-file <file>', 'a file with the key, if the buffer is encrypted'] as const;

export const bufferCommand = (): Command =>
  new Command('buffer')
    .addHelpText('after', help)
    .addCommand(
      new Command('status')
        .description('show how many messages wait in each buffer, and how old they are')
        .argument('<folder>', 'the folder of one buffer, or of several')
        .option('--json', 'print JSON for programs')
        .action(async (folder: string, options: BufferOptions) => {
          const { printStates } = await import('../buffer.ts');
          await printStates(folder, options);
        }),
    )
    .addCommand(
      new Command('verify')
        .description('read every message and report what is damaged or missing')
        .argument('<folder>', 'the folder of one buffer, or of several')
        .option(...keyOption)
        .option('--json', 'print JSON for programs')
        .action(async (folder: string, options: BufferOptions) => {
          const { verifyBuffers } = await import('../buffer.ts');
          process.exitCode = await verifyBuffers(folder, options);
        }),
    )
    .addCommand(
      new Command('export')
        .description('print the messages that wait as JSON, one a line, the oldest first')
        .argument('<folder>', 'the folder of one buffer, or of several')
        .option(...keyOption)
        .action(async (folder: string, options: BufferOptions) => {
          const { exportMessages } = await import('../buffer.ts');
          await exportMessages(folder, options);
        }),
    );
