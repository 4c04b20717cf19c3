/** What the table and the details of `mkb status` have in common: colours by meaning, and texts of a cluster made fit for a terminal. */
import { styleText } from 'node:util';
import type { News } from './status-facts.ts';

export type Paint = (as: News | 'title', text: string) => string;

const formats = { good: 'green', bad: 'red', open: 'yellow', plain: 'none', title: 'bold' } as const;

/** @param colour whether to use a terminal's colours */
export const painter = (colour: boolean): Paint =>
  colour ? (as, text) => styleText(formats[as], text, { validateStream: false }) : (_as, text) => text;

/**
 * Controls but for the newline, and those of Unicode that turn the direction of text or begin a line: whoever may write a resource, or publish, must
 * not move the cursor of whoever looks at it, nor let text be read in another order.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A text that somebody wrote into the cluster, with a mark in the place of each control character. */
export const printable = (text: string): string => text.replace(controls, '\ufffd');

/** Puts lines after the first below the first, which stands behind `column` characters. */
export const hanging = (text: string, column: number): string =>
  printable(text.trimEnd()).replaceAll('\n', `\n${' '.repeat(column)}`);

/** Rows in columns, each as wide as its widest text and at least `least`; the last is as wide as it likes. */
export const columnWidths = (rows: readonly (readonly string[])[], least: readonly number[] = []): number[] => {
  const widths = [...least];
  for (const row of rows)
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  return widths;
};

/** From the top of the screen, each line to its end, and what is below is cleared: nothing flickers. */
export const redrawn = (text: string): string => `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`;
