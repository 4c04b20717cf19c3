import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { createLog, ErrorLog } from '../../../bridge/observe/log.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setup() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: undefined, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { lines, errors: new ErrorLog(log) };
}

const unreachable = (address: string) => new MkbError('kafka-unreachable', { address, reason: 'gone' });

test('an error is logged with its code and what to do', () => {
  const { lines, errors } = setup();
  errors.report('warn', unreachable('k:1'), { bridge: 'b' });
  expect(lines).toEqual([
    {
      level: 40,
      code: 'kafka-unreachable',
      remedy: expect.stringContaining('bootstrapServers'),
      bridge: 'b',
      msg: 'Kafka at k:1 cannot be reached: gone.',
    },
  ]);
});

test('an error that repeats is logged once, and summed up after ten seconds with its last text', () => {
  const { lines, errors } = setup();
  for (let count = 0; count < 1000; count++) errors.report('warn', unreachable(`k:${count}`), { bridge: 'b' });
  expect(lines.length).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(lines.length).toBe(2);
  expect(lines[1]).toMatchObject({ repeated: 999, msg: 'Kafka at k:999 cannot be reached: gone.' });
  vi.advanceTimersByTime(60_000);
  expect(lines.length).toBe(2);
});

test('an error that goes on is ever fewer lines, in the end one a minute, and is news again when it had stopped', () => {
  // A Kafka that was dead for an hour filled the log.
  const { lines, errors } = setup();
  for (let second = 0; second < 245; second++) {
    errors.report('warn', unreachable('k:1'), { bridge: 'b' });
    vi.advanceTimersByTime(1000);
  }
  // At once, and after 10, 30, 70, 130 and 190 s, each time with what came between.
  expect(lines.map(({ repeated = 1 }) => repeated)).toEqual([1, 9, 20, 40, 60, 60]);
  vi.advanceTimersByTime(60_000);
  expect(lines.length).toBe(7);
  vi.advanceTimersByTime(60_000);
  errors.report('warn', unreachable('k:1'), { bridge: 'b' });
  expect(lines.length).toBe(8);
  expect(lines[7]).not.toHaveProperty('repeated');
});

test('errors of other bridges or codes are not held back', () => {
  const { lines, errors } = setup();
  errors.report('warn', unreachable('k:1'), { bridge: 'a' });
  errors.report('warn', unreachable('k:1'), { bridge: 'b' });
  errors.report('error', new MkbError('kafka-unknown-topic', { topic: 't' }), { bridge: 'a' });
  expect(lines.length).toBe(3);
});

test('an error of the table is told by what it says, and a fault of ours with its stack', () => {
  const lines: { err: Record<string, unknown> }[] = [];
  const log = createLog('info', () => ({ write: line => lines.push(JSON.parse(line)) }));
  const cause = new Error('connect ECONNREFUSED');
  log.warn({ err: new MkbError('kafka-unreachable', { address: 'k:1', reason: 'gone' }, { cause }) }, 'away');
  log.error({ err: new TypeError('x is undefined') }, 'wrong');
  log.error({ err: new MkbError('unexpected', { reason: 'x' }, { cause }) }, 'wrong');
  expect(lines[0]!.err).toEqual({
    code: 'kafka-unreachable',
    message: 'Kafka at k:1 cannot be reached: gone.',
    remedy: expect.stringContaining('bootstrapServers'),
  });
  for (const { err } of lines.slice(1)) expect(err.stack).toContain('log.test.ts');
});
