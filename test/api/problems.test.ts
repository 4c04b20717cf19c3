import { describe, expect, it } from 'vitest';
import { formatPath, formatProblems, type Problem, sortProblems } from '../../api/problems.ts';

const problem: Problem = {
  severity: 'error',
  code: 'field-unknown',
  file: 'bridge.yaml',
  line: 9,
  column: 7,
  sourceLine: '      lingr: 5ms',
  path: 'spec.kafka.producer.lingr',
  message: '`lingr` is not a field here.',
  remedy: 'Allowed here: linger.',
};

describe('a problem for people', () => {
  it('shows place, message, path, the line with a caret, and the remedy', () => {
    expect(formatProblems([problem], { colour: false })).toBe(
      [
        'bridge.yaml:9:7: error: `lingr` is not a field here. [field-unknown]',
        '  at spec.kafka.producer.lingr',
        '  9 |       lingr: 5ms',
        '    |       ^',
        '  remedy: Allowed here: linger.',
        '',
      ].join('\n'),
    );
  });

  it('has escape sequences exactly when colours are asked for', () => {
    expect(formatProblems([problem], { colour: true })).toContain('\x1b[');
    expect(formatProblems([problem], { colour: false })).not.toContain('\x1b[');
  });

  it('keeps the caret under its column when the line has tabs', () => {
    const text = formatProblems([{ ...problem, sourceLine: '\ta: b', column: 5 }], { colour: false });
    expect(text).toContain('| \ta: b\n    | \t   ^');
  });

  it('shows a part of a very long line, with the caret under the column', () => {
    const sourceLine = `${'x'.repeat(5000)}!${'y'.repeat(5000)}`;
    const lines = formatProblems([{ ...problem, sourceLine, column: 5001 }], { colour: false }).split('\n');
    expect(lines[2]!.length).toBeLessThan(200);
    expect(lines[2]![lines[3]!.indexOf('^')]).toBe('!');
  });

  it('leaves out what there is not: path, line and remedy', () => {
    const bare = { ...problem, path: '', sourceLine: undefined, remedy: undefined };
    expect(formatProblems([bare as unknown as Problem], { colour: false }).split('\n')).toHaveLength(2);
  });
});

it('problems come by file, line and column', () => {
  const at = (file: string, line: number, column: number) => ({ ...problem, file, line, column });
  const sorted = sortProblems([at('b', 1, 1), at('a', 2, 1), at('a', 1, 9), at('a', 1, 2)]);
  expect(sorted.map(({ file, line, column }) => [file, line, column])).toEqual([
    ['a', 1, 2],
    ['a', 1, 9],
    ['a', 2, 1],
    ['b', 1, 1],
  ]);
});

it('a path is written as one would in code', () => {
  expect(formatPath(['spec', 'rules', 0, 'sql'])).toBe('spec.rules[0].sql');
  expect(formatPath(['metadata', 'labels', 'app.kubernetes.io/name'])).toBe(
    'metadata.labels["app.kubernetes.io/name"]',
  );
  expect(formatPath([])).toBe('');
});
