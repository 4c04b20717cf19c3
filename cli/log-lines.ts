/**
 * Log lines for people at a terminal: one short line an event, made of the JSON line that a program would get. The remedy of an error is a line
 * below the first one of its code, and is not repeated.
 */
import { styleText } from 'node:util';
import { printable } from './status-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** By pino's number. */
const levels: Readonly<Record<number, readonly [word: string, format: Parameters<typeof styleText>[0]]>> = {
  10: ['trace', 'dim'],
  20: ['debug', 'dim'],
  30: ['info', 'green'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
  60: ['fatal', 'red'],
};

/** Fields that have a place of their own, or are of use to programs only. */
const placed = new Set([
  'level',
  'time',
  'msg',
  'bridge',
  'rule',
  'topic',
  'code',
  'remedy',
  'next',
  'repeated',
  'outcome',
  'err',
]);

export class LogLines {
  readonly #colour: boolean;
  readonly #explained = new Set<string>();

  /** @param colour whether to use a terminal's colours */
  constructor(colour: boolean) {
    this.#colour = colour;
  }

  /** @param json a line as pino writes it. What is none comes back as it is. */
  text(json: string): string {
    const fields = parsed(json);
    if (fields === undefined) return json;
    const { time, msg = '', repeated } = fields;
    const { code, remedy, stack } = failureOf(fields);
    const [word, format] = levels[Number(fields.level)] ?? ['', 'none'];
    const parts = [
      this.#paint('dim', clock(time)),
      this.#paint(format, word.padEnd(5)),
      `${whereOf(fields)}${oneLine(msg)}`,
      ...(typeof repeated === 'number' ? [`(${repeated} times since)`] : []),
      ...(code === undefined ? [] : [this.#paint('dim', `[${code}]`)]),
      ...others(fields).map(text => this.#paint('dim', text)),
    ];
    return `${parts.join(' ')}\n${this.#explanation(code, remedy, fields.next)}${stack === undefined ? '' : `${printable(stack)}\n`}`;
  }

  #explanation(code: string | undefined, ...steps: unknown[]): string {
    if (code === undefined || this.#explained.has(code)) return '';
    this.#explained.add(code);
    return steps
      .flatMap(step => (typeof step === 'string' ? [`${' '.repeat(15)}${this.#paint('dim', oneLine(step))}\n`] : []))
      .join('');
  }

  #paint(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#colour ? styleText(format, text, { validateStream: false }) : text;
  }
}

const parsed = (json: string): Fields | undefined => {
  try {
    const fields: unknown = JSON.parse(json);
    return typeof fields === 'object' && fields !== null ? (fields as Fields) : undefined;
  } catch {
    return undefined;
  }
};

interface Failure {
  readonly code?: string;
  readonly remedy?: string;
  /** Of a fault of ours. */
  readonly stack?: string;
}

const failureOf = ({ err, code, remedy }: Fields): Failure =>
  (typeof err === 'object' && err !== null ? err : { code, remedy }) as Failure;

/** The time of day here. */
const clock = (time: unknown): string => new Date(String(time)).toTimeString().slice(0, 8);

/** Which bridge, rule and topic it is about. */
const whereOf = ({ bridge, rule, topic }: Fields): string => {
  const path = [bridge, rule].filter(each => each !== undefined).join('/');
  const from = topic === undefined ? '' : `${path && ' '}(${topic})`;
  return path + from === '' ? '' : `${oneLine(path + from)}: `;
};

/** What else a line says, shortly. */
const others = (fields: Fields): string[] =>
  Object.entries(fields).flatMap(([name, value]) => {
    if (placed.has(name) || value === null || value === '') return [];
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return [oneLine(`${name}=${text.length > longest ? `${text.slice(0, longest)}…` : text}`)];
  });

const longest = 60;

/** Topics, and answers of servers, are texts of others: they must not move the cursor. */
const oneLine = (text: unknown): string => printable(String(text)).replaceAll('\n', ' ');
