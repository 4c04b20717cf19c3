/** A process that fills a buffer until it is killed, and prints the numbers of messages that are safe: node writer.ts FOLDER FSYNC FIRST. */
import { writeSync } from 'node:fs';
import { Bench, range } from './bench-buffer.ts';

const [folder = '', fsync = '', first = ''] = process.argv.slice(2);
const bench = await Bench.open({ store: { folder, fsync: fsync as 'always' | 'interval', key: undefined } }, true);
let next = Number(first);
let printed = next;
const turn = (): void => {
  bench.take(range(next, next + 7));
  next += 7;
  while (bench.safe.has(printed)) printed++;
  // A pipe keeps what was written before the end.
  writeSync(1, `${printed}\n`);
  setTimeout(turn, 1);
};
turn();
