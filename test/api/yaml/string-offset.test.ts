import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { sourceOffset } from '../../../api/yaml/string-offset.ts';

/** The character of the file that the first `wanted` of the value stands at, with the rest of its line. */
const restOfLine = (yaml: string, wanted: string): string => {
  const node = parseDocument<YAMLMap>(yaml).get('sql', true) as unknown as Scalar;
  const offset = String(node.value).indexOf(wanted);
  expect(offset).toBeGreaterThanOrEqual(0);
  return yaml.slice(sourceOffset(yaml, node, offset)).split('\n')[0]!;
};

describe('a character of a string is found in the file', () => {
  it.each([
    ['plain', 'sql: SELECT x FROM t\n'],
    ['in single quotes', "sql: 'SELECT ''a'', x FROM t'\n"],
    ['in double quotes', 'sql: "SELECT \\"a\\", \\u00e9, x FROM t"\n'],
    ['after an escape of two code units', 'sql: "\\U0001F600 x FROM t"\n'],
    ['after a line continuation', 'sql: "SELECT \\\n   x FROM t"\n'],
    ['in a literal block', 'sql: |\n  SELECT\n    x FROM t\n'],
    ['in a literal block with blank lines', 'sql: |  # why\n\n  SELECT\n\n    x FROM t\n'],
    ['in a literal block with its own indentation', 'sql: |2-\n    SELECT\n  x FROM t\n'],
    ['in a folded block', 'sql: >-\n  SELECT\n  a,\n\n  x FROM t\n'],
    ['plain over several lines', 'sql: SELECT\n  a,\n  x FROM t\n'],
    ['in quotes over several lines', 'sql: "SELECT\n  a,\n\n  x FROM t"\n'],
  ])('%s', (_, yaml) => {
    expect(restOfLine(yaml, 'x FROM')).toMatch(/^x FROM t/);
  });

  it('in a file with carriage returns', () => {
    const yaml = 'sql: |\r\n  SELECT\r\n    x FROM t\r\n';
    expect(restOfLine(yaml, 'x FROM')).toBe('x FROM t\r');
  });
});

it('the end of a block is the end of its last line', () => {
  const yaml = 'sql: |\n  SELECT x\nb: 1\n';
  const node = parseDocument<YAMLMap>(yaml).get('sql', true) as unknown as Scalar;
  expect(sourceOffset(yaml, node, 'SELECT x'.length)).toBe(yaml.indexOf('SELECT x') + 'SELECT x'.length);
});

it('every visible character of any text, however it is written, is found where it stands', () => {
  const line = fc.string({ unit: fc.constantFrom(...'abc,.\'"\\#:'), minLength: 1, maxLength: 12 });
  const text = fc.array(line, { minLength: 1, maxLength: 4 }).map(lines => lines.join('\n'));
  const written: [string, (value: string) => string][] = [
    ['literal', value => `|-\n${value.replaceAll(/^/gm, '  ')}`],
    ['single', value => `'${value.replaceAll("'", "''").replaceAll('\n', '\n\n  ')}'`],
    ['double', value => JSON.stringify(value)],
  ];
  fc.assert(
    fc.property(text, fc.constantFrom(...written), fc.nat(), (value, [, write], seed) => {
      const yaml = `sql: ${write(value)}\n`;
      const node = parseDocument<YAMLMap>(yaml).get('sql', true) as unknown as Scalar;
      expect(node.value).toBe(value);
      const offset = seed % value.length;
      fc.pre(value[offset] !== '\n');
      const at = sourceOffset(yaml, node, offset);
      const found = yaml[at] === '\\' && node.type === 'QUOTE_DOUBLE' ? yaml[at + 1] : yaml[at];
      expect(found).toBe(value[offset]);
    }),
    { numRuns: 500 },
  );
});
