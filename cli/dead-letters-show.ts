/** `mkb dead-letters show`: one letter, whole. */
import { isUtf8 } from 'node:buffer';
import { errors } from '../api/errors.ts';
import { type Letter, placeOf, type Reason } from '../bridge/letters/letter.ts';
import type { TopicOptions } from './commands/dead-letters-options.ts';
import { letterJson } from './dead-letters-json.ts';
import { fromOf, oneLine, whenOf } from './dead-letters-text.ts';
import { withLetters } from './dead-letters-topic.ts';
import { exitCodes } from './exit-codes.ts';
import { hanging, printable } from './status-text.ts';

export interface ShowOptions extends TopicOptions {
  readonly payload: 'auto' | 'text' | 'json' | 'hex' | 'raw';
  readonly json?: true;
}

export interface Place {
  readonly partition: number;
  readonly offset: bigint;
}

/** Returns the exit code. */
export const showLetter = (file: string, { partition, offset }: Place, options: ShowOptions): Promise<number> =>
  withLetters(file, options, async ({ reader }) => {
    const letter = await reader.at(partition, offset);
    process.stdout.write(textOf(letter, options));
    return exitCodes.ok;
  });

const textOf = (letter: Letter, { payload, json }: ShowOptions): string | Buffer => {
  if (json) return `${JSON.stringify(letterJson(letter), null, 2)}\n`;
  if (payload === 'raw') return letter.value ?? Buffer.alloc(0);
  const facts = factsOf(letter).filter((fact): fact is [string, string] => fact[1] !== undefined);
  const headers = letter.headers.map(([name, content]) => [`header ${name}`, shown(content)] as const);
  const lines = [...facts, ...headers].map(([name, text]) => `${oneLine(name)}: ${hanging(text, 2)}\n`);
  return `${lines.join('')}\n${payloadText(letter.value, payload)}`;
};

const factsOf = (letter: Letter): [name: string, text: string | undefined][] => {
  const { timestamp, key, reason, source } = letter;
  return [
    ['place', placeOf(letter)],
    ['time', whenOf(timestamp)],
    ...reasonFacts(reason),
    ['from', source.kind === 'other' ? undefined : fromOf(letter)],
    ...(source.kind === 'mqtt'
      ? ([
          ['qos', source.qos],
          ['retain', source.retain],
          ['client id', source.clientid],
        ] as [string, string | undefined][])
      : []),
    ['key', key && shown(key)],
  ];
};

const reasonFacts = (reason: Reason | undefined): [name: string, text: string | undefined][] => {
  if (reason === undefined) return [['reason', 'none: it is no dead letter of a bridge']];
  const { code, message, rule, ruleVersion, sink, version, truncatedFrom, rounds } = reason;
  return [
    ['error', code],
    ['reason', message],
    ['remedy', Object.hasOwn(errors, code) ? errors[code as keyof typeof errors].remedy : undefined],
    ['rule', rule],
    ['rule version', ruleVersion],
    ['sink', sink],
    ['bridge version', version],
    ['truncated', truncatedFrom === undefined ? undefined : `only the beginning is left of ${truncatedFrom} bytes`],
    ['replayed', rounds === 0 ? undefined : `${rounds} times before`],
  ];
};

/** Text, or bytes as hexadecimal digits. */
const shown = (bytes: Buffer | undefined): string => {
  if (bytes === undefined) return '(null)';
  return isUtf8(bytes) ? bytes.toString() : `0x${bytes.toString('hex')}`;
};

const payloadText = (value: Buffer | undefined, form: ShowOptions['payload']): string => {
  if (value === undefined) return '(no payload: null)\n';
  if (value.length === 0) return '(an empty payload)\n';
  const json = form === 'auto' || form === 'json' ? jsonOf(value) : undefined;
  if (json !== undefined) return `${printable(json)}\n`;
  if (form === 'text' || (form !== 'hex' && isUtf8(value))) return `${printable(value.toString())}\n`;
  return hexDump(value);
};

/** Laid out for reading; undefined for what is no JSON. Numbers keep their digits, as nothing is worked out. */
const jsonOf = (value: Buffer): string | undefined => {
  try {
    return JSON.stringify(JSON.parse(value.toString(), keepDigits), null, 2);
  } catch {
    return undefined;
  }
};

/** A number that a JavaScript number would change stays as it is written. */
const keepDigits = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined
    ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source)
    : value;

const perLine = 16;

const hexDump = (bytes: Buffer): string => {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const part = bytes.subarray(at, at + perLine);
    const hex = [...part].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(perLine * 3 - 1)}  ${text}\n`);
  }
  return lines.join('');
};
