/** How dead letters look in the table of `mkb dead-letters list`: what publishers wrote must not move a terminal's cursor. */
import { type Letter, placeOf } from '../bridge/letters/letter.ts';
import { printable } from './status-text.ts';

const titles = ['PLACE', 'TIME', 'RULE', 'ERROR', 'FROM', 'BYTES', 'REASON'];
/** Letters are printed as they are read, so the columns are as wide as most texts, and a longer one moves its own line only. */
const widths = [10, 24, 16, 26, 24, 7];

export const titleLine = (): string => lineOf(titles);

export const letterLine = (letter: Letter): string => {
  const { timestamp, value, reason } = letter;
  const cells = [
    placeOf(letter),
    whenOf(timestamp) ?? '-',
    reason?.rule || '-',
    reason?.code ?? '-',
    fromOf(letter),
    String(value?.length ?? 0),
    reason?.message ?? 'no dead letter',
  ];
  return lineOf(cells.map(oneLine));
};

/** Where the message came from. */
export const fromOf = ({ source }: Letter): string => {
  if (source.kind === 'other') return '-';
  if (source.kind === 'mqtt') return source.topic;
  return `$kafka/${source.topic}/${source.partition ?? '?'}:${source.offset ?? '?'}`;
};

/** RFC 3339; undefined for a record without a time, or with one that no calendar has. */
export const whenOf = (timestamp: number): string | undefined =>
  timestamp < 0 || timestamp > 8.64e15 ? undefined : new Date(timestamp).toISOString();

export const oneLine = (text: string): string => printable(text).replaceAll('\n', ' ');

const lineOf = (cells: readonly string[]): string =>
  `${cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd()}\n`;
