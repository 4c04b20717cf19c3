import { describe, expect, test } from 'vitest';
import type { Figures } from '../../../demo/meter.ts';
import { LiveLine } from '../../../demo/terminal/live-line.ts';

const figures = (received: number): Figures => ({
  vehicles: 10,
  connected: 10,
  published: received,
  acknowledged: received,
  received,
  passed: received,
  delivered: received,
  deadLettered: 0,
  dropped: 0,
  filtered: 0,
  inFlight: 0,
  inKafka: received,
  rates: { published: 10, received: 10, passed: 10, delivered: 10 },
  latency: { p50Ms: 6.25, p99Ms: 41 },
});

const output = (isTTY: boolean) => {
  const written: string[] = [];
  const out = { isTTY, columns: 120, write: (text: string) => written.push(text) };
  return { written, line: new LiveLine(out as unknown as NodeJS.WriteStream) };
};

describe('where the output is no terminal', () => {
  test('a plain line comes every five seconds', () => {
    const { written, line } = output(false);
    for (let second = 1; second <= 10; second++) line.show(figures(10 * second));
    expect(written).toEqual([
      '50 in   50 delivered   10.0/s   p50 6.3 ms, p99 41 ms   0 in flight\n',
      '100 in   100 delivered   10.0/s   p50 6.3 ms, p99 41 ms   0 in flight\n',
    ]);
  });
});

describe('on a terminal', () => {
  test('one line is rewritten every second', () => {
    const { written, line } = output(true);
    line.show(figures(10));
    line.show(figures(20));
    expect(written).toHaveLength(2);
    for (const text of written) expect(text.startsWith('\r\x1b[K')).toBe(true);
    expect(written.join('')).not.toContain('\n');
  });

  test('what is written aside stands above the line, which comes again', () => {
    const { written, line } = output(true);
    line.show(figures(10));
    const shown = written[0]!;
    line.aside(() => written.push('a warning\n'));
    expect(written.slice(1)).toEqual(['\r\x1b[K', 'a warning\n', expect.stringContaining('10 in')]);
    expect(written.at(-1)).toHaveLength(shown.length);
  });
});
