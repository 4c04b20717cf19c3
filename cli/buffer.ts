/** `mkb buffer`: what the buffer of a bridge holds on disk (delivery.buffer), whether or not the bridge runs. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { resolveSecret } from '../api/secrets.ts';
import { parseKey } from '../bridge/buffer/cipher.ts';
import { type BufferState, findBuffers, stateOf, walk } from '../bridge/buffer/inspect.ts';
import type { MqttMessage } from '../bridge/mqtt/message.ts';
import { age } from './age.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';

const help = `
Reads the files and changes nothing, so the bridge may be running. FOLDER is delivery.buffer.path, or the folder of one bridge in it.

Examples:
  mkb buffer status /var/lib/mkb
  mkb buffer verify /var/lib/mkb/vehicles-0
  mkb buffer export /var/lib/mkb/vehicles-0 --key-file key.txt > messages.jsonl
${exitCodeHelp([exitCodes.ok, 'done'], [exitCodes.failed, 'there is no buffer, it cannot be read, or verify found damage'])}`;

interface Options {
  readonly json?: true;
  readonly keyFile?: string;
}

const keyOption = ['--key-file <file>', 'a file with the key, if the buffer is encrypted'] as const;

export const bufferCommand = (): Command =>
  new Command('buffer')
    .description('look into the buffer of a bridge on disk: what waits, whether it can be read, the messages')
    .addHelpText('after', help)
    .addCommand(
      new Command('status')
        .description('show how many messages wait in each buffer, and how old they are')
        .argument('<folder>', 'the folder of one buffer, or of several')
        .option('--json', 'print JSON for programs')
        .action(async (folder: string, options: Options) => {
          const states = await Promise.all((await findBuffers(folder)).map(each => stateOf(each)));
          process.stdout.write(options.json ? `${JSON.stringify(states, null, 2)}\n` : tableOf(states));
        }),
    )
    .addCommand(
      new Command('verify')
        .description('read every message and report what is damaged or missing')
        .argument('<folder>', 'the folder of one buffer, or of several')
        .option(...keyOption)
        .option('--json', 'print JSON for programs')
        .action(async (folder: string, options: Options) => {
          const found = await Promise.all((await findBuffers(folder)).map(each => verify(each, options)));
          process.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : found.map(inWords).join(''));
          if (found.some(({ missing }) => missing.length > 0)) process.exitCode = exitCodes.failed;
        }),
    )
    .addCommand(
      new Command('export')
        .description('print the messages that wait as JSON, one a line, the oldest first')
        .argument('<folder>', 'the folder of one buffer, or of several')
        .option(...keyOption)
        .action(async (folder: string, options: Options) => {
          const key = await keyOf(options);
          for (const each of await findBuffers(folder))
            await walk(each, key, { message: (message, id) => process.stdout.write(`${asLine(message, id)}\n`) });
        }),
    );

const keyOf = async ({ keyFile }: Options): Promise<Buffer | undefined> => {
  if (keyFile === undefined) return undefined;
  const sources = { secretsDir: '', readText: (file: string) => readFile(file, 'utf8') };
  return parseKey((await resolveSecret({ valueFrom: { file: keyFile } }, sources)).reveal());
};

const headings = ['FOLDER', 'MESSAGES', 'OLDEST', 'FILES', 'BYTES', 'ENCRYPTED', 'OPEN', 'LEDGER'];

const tableOf = (states: readonly BufferState[]): string => {
  const rows = [headings, ...states.map(cellsOf)];
  const widths = headings.map((_, column) => rows.reduce((widest, row) => Math.max(widest, row[column]!.length), 0));
  return rows
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
};

const cellsOf = ({ folder, messages, oldestAt, files, bytes, encrypted, open, ledger }: BufferState): string[] => [
  folder,
  String(messages),
  oldestAt === undefined ? '-' : age(new Date(oldestAt).toISOString(), new Date()),
  String(files),
  String(bytes),
  encrypted ? 'yes' : 'no',
  open === undefined ? 'unknown' : open ? 'yes' : 'no',
  ledger,
];

interface Verified {
  readonly folder: string;
  readonly messages: number;
  readonly missing: readonly { readonly from: number; readonly to: number; readonly torn: boolean }[];
}

const verify = async (folder: string, options: Options): Promise<Verified> => {
  const missing: Verified['missing'][number][] = [];
  const messages = await walk(folder, await keyOf(options), {
    missing: (from, to, torn) => missing.push({ from, to: to - 1, torn }),
  });
  return { folder, messages, missing };
};

const inWords = ({ folder, messages, missing }: Verified): string => {
  const lines = missing.map(({ from, to, torn }) => {
    const ids = from === to ? `message ${from}` : `messages ${from} to ${to}`;
    return `  ${ids}: ${torn ? 'not written to the end' : 'damaged or missing'}\n`;
  });
  return `${folder}: ${messages} messages can be read${missing.length === 0 ? ', and none is missing' : ''}\n${lines.join('')}`;
};

const asLine = (message: MqttMessage, id: number): string => {
  const { topic, qos, retain, timestamp, payload, properties } = message;
  const value = isUtf8(payload) ? { payload: payload.toString() } : { payload_base64: payload.toString('base64') };
  return JSON.stringify({ id, time: new Date(timestamp).toISOString(), topic, qos, retain, ...value, properties });
};
