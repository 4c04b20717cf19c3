// Logs that nobody reads must cost bounded memory, and whoever reads them again must hear that some are missing.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { LogStream } from '../../../bridge/observe/log-stream.ts';

const line = `${'x'.repeat(999)}\n`;

test('what nobody reads is dropped beyond a megabyte, and counted when there is room again', async () => {
  const pipe = new PassThrough({ highWaterMark: 64 * 1024 });
  const told: number[] = [];
  const log = new LogStream(pipe, dropped => {
    told.push(dropped);
    log.write('dropped\n');
  });
  for (let n = 0; n < 5000; n++) log.write(line);
  expect(pipe.writableLength).toBeLessThan(1.1 * 1024 * 1024);
  expect(told).toEqual([]);
  let read = '';
  pipe.setEncoding('utf8').on('data', chunk => (read += chunk));
  await new Promise(resolve => pipe.once('drain', resolve));
  await new Promise(setImmediate);
  const lines = read.split('\n').filter(each => each.startsWith('x')).length;
  expect(told).toEqual([5000 - lines]);
  expect(read.endsWith('dropped\n')).toBe(true);
});

test('a reader that keeps up misses nothing, and lines stay in order', async () => {
  const pipe = new PassThrough();
  const log = new LogStream(pipe, () => expect.unreachable());
  let read = '';
  pipe.setEncoding('utf8').on('data', chunk => (read += chunk));
  const lines = Array.from({ length: 100 }, (_, n) => `${n}\n`);
  for (const each of lines) log.write(each);
  await new Promise(setImmediate);
  expect(read).toBe(lines.join(''));
});
