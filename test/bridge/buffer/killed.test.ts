// A broker forgets a message when it is acknowledged: from then on a killed bridge must have it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { Bench, range } from './support/bench-buffer.ts';

const writer = join(import.meta.dirname, 'support', 'writer.ts');
const rounds = process.env.MKB_LONG === '1' ? 50 : 3;

test.each([
  'always',
  'interval',
] as const)('what was acknowledged is there after kill -9, in order and once, with fsync: %s', async fsync => {
  const folder = temporaryFolder('buffer');
  try {
    let first = 0;
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, [writer, folder, fsync, `${first}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', data => {
        text += data;
      });
      const goal = first + 50 + Math.floor(Math.random() * 500);
      const safe = () => Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));
      await until(`${goal} messages to be safe`, () => safe() >= goal, { everyMs: 1 });
      child.kill('SIGKILL');
      await once(child, 'close');
      const bench = await Bench.open({ store: { folder, fsync, key: undefined } });
      await until('all are back', () => bench.buffer.figures.waiting === 0);
      expect(bench.numbers).toEqual(range(first, first + bench.handed.length));
      expect(first + bench.handed.length).toBeGreaterThanOrEqual(safe());
      expect(bench.dropped).toMatchObject({ unreadable: 0 });
      expect(bench.imbalance).toBe(0);
      first += bench.handed.length;
      bench.settle();
      await bench.buffer.close();
    }
  } finally {
    removeFolder(folder);
  }
}, 60_000);
