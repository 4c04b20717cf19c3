/** `mkb buffer`: what the buffer of a bridge holds on disk (delivery.buffer), whether or not the bridge runs. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { resolveSecret } from '../api/secrets.ts';
import { parseKey } from '../bridge/buffer/cipher.ts';
import { type BufferState, findBuffers, stateOf, walk } from '../bridge/buffer/inspect.ts';
import type { MqttMessage } from '../bridge/mqtt/message.ts';
import { age } from './age.ts';
import { exitCodes } from './exit-codes.ts';

export interface BufferOptions {
  readonly json?: true;
  readonly keyFile?: string;
}

export const printStates = async (folder: string, { json }: BufferOptions): Promise<void> => {
  const states = await Promise.all((await findBuffers(folder)).map(each => stateOf(each)));
  process.stdout.write(json ? `${JSON.stringify(states, null, 2)}\n` : tableOf(states));
};

/** Returns the exit code. */
export const verifyBuffers = async (folder: string, options: BufferOptions): Promise<number> => {
  const found = await Promise.all((await findBuffers(folder)).map(each => verify(each, options)));
  process.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : found.map(inWords).join(''));
  return found.some(({ missing }) => missing.length > 0) ? exitCodes.failed : exitCodes.ok;
};

export const exportMessages = async (folder: string, options: BufferOptions): Promise<void> => {
  const key = await keyOf(options);
  for (const each of await findBuffers(folder))
    await walk(each, key, { message: (message, id) => process.stdout.write(`${asLine(message, id)}\n`) });
};

const keyOf = async ({ keyFile }: BufferOptions): Promise<Buffer | undefined> => {
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

const verify = async (folder: string, options: BufferOptions): Promise<Verified> => {
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
  const { topic, qos, retain, timestamp, payload, properties, publisher } = message;
  const value = isUtf8(payload) ? { payload: payload.toString() } : { payload_base64: payload.toString('base64') };
  return JSON.stringify({
    id,
    time: new Date(timestamp).toISOString(),
    topic,
    qos,
    retain,
    ...value,
    properties,
    ...publisher,
  });
};
