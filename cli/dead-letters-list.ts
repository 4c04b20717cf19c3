/** `mkb dead-letters list`: the letters as a table, as JSON or as they are, or how many there are of each kind. */
import { once } from 'node:events';
import { MkbError } from '../api/errors.ts';
import { type Done, isDone, nothingDone } from '../bridge/letters/done.ts';
import { wants } from '../bridge/letters/filter.ts';
import type { Letter } from '../bridge/letters/letter.ts';
import type { LetterReader } from '../bridge/letters/reader.ts';
import { type FilterOptions, filterOf } from './commands/dead-letters-filters.ts';
import type { TopicOptions } from './commands/dead-letters-options.ts';
import { letterJson } from './dead-letters-json.ts';
import { Summary } from './dead-letters-summary.ts';
import { letterLine, titleLine } from './dead-letters-text.ts';
import { letterGroup, type OpenTopic, withLetters } from './dead-letters-topic.ts';
import { exitCodes } from './exit-codes.ts';

export interface ListOptions extends TopicOptions, FilterOptions {
  readonly all?: true;
  readonly limit?: number;
  readonly summary?: true;
  readonly json?: true;
  readonly raw?: true;
}

/** Returns the exit code. */
export const listLetters = (file: string, options: ListOptions): Promise<number> =>
  withLetters(file, options, opened => list(opened, options));

const list = async (opened: OpenTopic, options: ListOptions): Promise<number> => {
  const { reader } = opened;
  const filter = filterOf(options);
  const done = await doneIn(opened);
  const isOpen = (letter: Letter): boolean => !isDone(done[letter.partition]!, letter);
  const summary = options.summary && new Summary();
  const { limit = Number.POSITIVE_INFINITY } = options;
  let found = 0;
  let isFull = false;
  const print = (bytes: string | Buffer): void => {
    if (!process.stdout.write(bytes)) isFull = true;
  };
  const progress = showProgress(reader, () => found);
  try {
    await reader.read(
      {
        letter: letter => {
          if (!wants(filter, letter) || !(options.all || isOpen(letter))) return;
          found++;
          if (summary) return summary.count(letter);
          if (found === 1 && !options.json && !options.raw) print(titleLine());
          print(textOf(letter, options, isOpen));
        },
        room: () => {
          if (!isFull) return undefined;
          isFull = false;
          return process.stdout.writableNeedDrain ? once(process.stdout, 'drain').then(() => undefined) : undefined;
        },
        get enough() {
          return found >= limit;
        },
      },
      { since: filter.since, offsets: options.all ? [] : done.map(({ before }) => before) },
    );
  } finally {
    progress.end();
  }
  if (summary) print(options.json ? `${JSON.stringify(summary.json(), null, 2)}\n` : summary.text());
  else if (found === 0) process.stderr.write(`There are no such ${options.all ? '' : 'open '}dead letters.\n`);
  if (summary && !options.json) print(soFar(done));
  return exitCodes.ok;
};

/** A user who may read the topic, and not the group, sees all letters. */
const doneIn = async (opened: OpenTopic): Promise<readonly Done[]> => {
  const group = letterGroup(opened);
  try {
    return await group.done();
  } catch (error) {
    if (!MkbError.is(error, 'kafka-not-authorised')) throw error;
    process.stderr.write(`warning: letters that are done are listed too: ${error.message} [${error.code}]\n`);
    return Array.from({ length: opened.reader.partitions }, () => nothingDone);
  } finally {
    await group.leave();
  }
};

const soFar = (done: readonly Done[]): string => {
  const replayed = done.reduce((sum, each) => sum + each.replayed, 0);
  const dropped = done.reduce((sum, each) => sum + each.dropped, 0);
  return replayed + dropped === 0 ? '' : `\nDone so far: ${replayed} replayed, ${dropped} dropped.\n`;
};

const textOf = (
  letter: Letter,
  { json, raw, all }: ListOptions,
  isOpen: (letter: Letter) => boolean,
): string | Buffer => {
  if (raw) return Buffer.concat([letter.value ?? Buffer.alloc(0), newline]);
  if (!json) return letterLine(letter);
  return `${JSON.stringify({ ...letterJson(letter), ...(all && { open: isOpen(letter) }) })}\n`;
};

const newline = Buffer.from('\n');

/** How far it came, on a terminal that the letters themselves do not go to. */
const showProgress = (reader: LetterReader, found: () => number): { end(): void } => {
  const { stderr, stdout } = process;
  if (!stderr.isTTY || stdout.isTTY) return { end: () => undefined };
  const timer = setInterval(() => {
    stderr.write(`\r\x1b[Kread ${reader.passed} of ${reader.total}, found ${found()}`);
  }, 200);
  return {
    end: () => {
      clearInterval(timer);
      stderr.write('\r\x1b[K');
    },
  };
};
