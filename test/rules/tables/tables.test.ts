// A table of devices with a byte order mark, CRLF, a comma in a name or a key such as __proto__ gave the wrong device, or none.
import { describe, expect, it } from 'vitest';
import type { TableSection } from '../../../api/schema/tables.ts';
import { encodeJson } from '../../../rules/json.ts';
import { rowsAtOnceOf, Table, tablesFrom, tablesOfCopy, tablesToCopy } from '../../../rules/tables/tables.ts';
import { thrownBy } from '../support/evaluate.ts';

const section = (given: Partial<TableSection>): TableSection => ({
  name: 't',
  separator: ',',
  maxRows: 1000,
  maxBytes: '1MiB',
  ...given,
});

const csv = { format: 'csv', key: 'k' } as const;
const byKey = { format: 'json' } as const;
const list = { format: 'json', key: 'id' } as const;
const lines = { format: 'ndjson', key: 'id' } as const;

const found = (given: Partial<TableSection>, text: string, key: string): string => {
  const value = rowsAtOnceOf(section(given), text).get(key);
  return value === undefined ? 'undefined' : encodeJson(value);
};

describe('a row is found by its key', () => {
  it.each<[Partial<TableSection>, string, string, string]>([
    [csv, 'k,v\na,1\nb,2\n', 'b', '{"k":"b","v":"2"}'],
    [csv, '\uFEFFk,v\r\na,1\r\nb,2', 'b', '{"k":"b","v":"2"}'],
    [csv, '"k","v"\n"a","x, ""y""\n z"\n', 'a', '{"k":"a","v":"x, \\"y\\"\\n z"}'],
    [csv, 'v,k\n1,"a""b"', 'a"b', '{"v":"1","k":"a\\"b"}'],
    [csv, 'k,v\n\n\na,1\n\n', 'a', '{"k":"a","v":"1"}'],
    [csv, 'k,v,w\na,,""', 'a', '{"k":"a","w":""}'],
    [csv, 'k\na\nb', 'b', '{"k":"b"}'],
    [csv, 'k,v\nä,日本\n', 'ä', '{"k":"ä","v":"日本"}'],
    [csv, 'k,__proto__\n__proto__,1\n', '__proto__', '{"k":"__proto__","__proto__":"1"}'],
    [csv, 'k,v\na,1\n', 'constructor', 'undefined'],
    [csv, 'k,v\na,1\n', '', 'undefined'],
    [csv, 'k,v', 'k', 'undefined'],
    [{ ...csv, separator: ';' }, 'k;v\na;1,5\n', 'a', '{"k":"a","v":"1,5"}'],
    [{ ...csv, separator: '\t' }, 'k\tv\na\t1\n', 'a', '{"k":"a","v":"1"}'],
    [byKey, ' {"a": {"x": 2.0}, "b": "text"}\n', 'a', '{"x":2.0}'],
    [byKey, '{"a": 1, "b": "text"}', 'b', '"text"'],
    [byKey, '{"a": {"s": "}, \\"", "l": [1, {"m": 2}]}, "b": 1}', 'a', '{"s":"}, \\"","l":[1,{"m":2}]}'],
    [byKey, '{"__proto__": {"x": 1}, "\\u0061": 5}', '__proto__', '{"x":1}'],
    [byKey, '{"__proto__": {"x": 1}, "\\u0061": 5}', 'a', '5'],
    [byKey, '{"a": 1}', 'toString', 'undefined'],
    [byKey, '\uFEFF{}', 'a', 'undefined'],
    [list, '[{"id": 7, "x": 12345678901234567890}]', '7', '{"id":7,"x":12345678901234567890}'],
    [list, '[]', '7', 'undefined'],
    [lines, '{"id": "a"}\r\n\n{"id": "b"}', 'b', '{"id":"b"}'],
    [lines, '', 'b', 'undefined'],
  ])('%j of %j: %s', (given, text, key, row) => {
    expect(found(given, text, key)).toBe(row);
  });

  it('among many, and no other one', () => {
    const text = `k,v\n${Array.from({ length: 5000 }, (_, index) => `key-${index},${index}\n`).join('')}`;
    const rows = rowsAtOnceOf(section({ ...csv, maxRows: 5000 }), text);
    expect(rows.count).toBe(5000);
    for (let index = 0; index < 5000; index++) expect(rows.get(`key-${index}`)).toMatchObject({ v: `${index}` });
    for (let index = 5000; index < 10_000; index++) expect(rows.get(`key-${index}`)).toBeUndefined();
  });

  it('in another thread too', () => {
    const table = new Table(section({ ...csv, text: 'k,v\na,1\n' }));
    table.use(rowsAtOnceOf(table.section, table.section.text!));
    const there = tablesOfCopy(structuredClone(tablesToCopy(tablesFrom([table]), "lookup('t', 'a')")));
    expect(there.find('t')!.lookup('a')).toMatchObject({ v: '1' });
  });
});

// Each trial on the page could copy every table of a bridge, of which there may be hundreds.
it('tables are copied to another thread as long as they are not too large together', () => {
  const text = `k,v\n${Array.from({ length: 6 }, (_, key) => `${key},${'x'.repeat(1_000_000)}\n`).join('')}`;
  const tables = ['other', 'first', 'second', 'third'].map(name => {
    const table = new Table(section({ ...csv, name, maxBytes: '8MiB' }));
    table.use(rowsAtOnceOf(table.section, text));
    return table;
  });
  const there = tablesOfCopy(structuredClone(tablesToCopy(tablesFrom(tables), "'first' 'second' 'third'")));
  expect(there.all.map(({ name, rows }) => [name, rows?.count])).toEqual([
    ['other', undefined],
    ['first', 6],
    ['second', 6],
    ['third', undefined],
  ]);
  expect(() => there.find('third')!.lookup('1')).toThrow('too large for the page');
});

// Each edit of a large table left the one before in memory, until the Pod was killed.
it('the memory of a table is given back at once when another takes its place', () => {
  const table = new Table(section(csv));
  const first = rowsAtOnceOf(table.section, 'k,v\na,1\n');
  table.use(first);
  table.use(rowsAtOnceOf(table.section, 'k,v\na,2\n'));
  expect(first.heldBytes).toBe(0);
  expect(table.lookup('a')).toMatchObject({ v: '2' });
});

describe('a table that is wrong is refused as a whole, with its line', () => {
  it.each<[Partial<TableSection>, string, string]>([
    [csv, '', 'line 1: it is empty'],
    [csv, 'K,v\n1,2', 'line 1: no column is named k (did you mean K)'],
    [csv, 'k;v\na;1', 'separator may have to be ";"'],
    [csv, 'k,k\na,1', 'line 1: two columns are named k'],
    [csv, 'k,\na,1', 'line 1: column 2 has no name'],
    [csv, 'k,v\na,1\nb', 'line 3: it has 1 values, and the header 2 columns'],
    [csv, 'k,v\na,1\nb,2,3', 'line 3: it has 3 values, and the header 2 columns'],
    [csv, 'k,v\na,"x\ny"\n,2', 'line 4: it has no k'],
    [csv, 'k,v\na,"x', 'line 2: a quote is not closed'],
    [csv, 'k,v\na,x"y', 'line 2: a quote stands within a value'],
    [csv, 'k,v\na,"x"y', 'line 2: something follows a quote'],
    [csv, 'k,v\na,1\nb,2\na,3', 'line 4: its key is that of line 2 too: "a"'],
    [{ ...csv, maxRows: 1 }, 'k,v\na,1\nb,2', 'line 3: it is one more than maxRows, which is 1'],
    [byKey, '', 'it is no object and no list'],
    [byKey, '"x"', 'it is no object and no list'],
    [byKey, '{"a": 1,}', 'it has no key'],
    [byKey, '{"": 1}', 'it has no key'],
    [byKey, '{"a": 1} x', 'something follows the end'],
    [byKey, '{"a": 1', 'it does not end'],
    [byKey, '{"a": 1]', 'it does not end with }'],
    [byKey, '{"a": }', 'it is no JSON'],
    [byKey, '{\n"a": 1,\n"a": 2}', 'line 3: its key is that of line 2 too: "a"'],
    [byKey, '[{"id": 1}]', 'it is a list: `key` must say'],
    [list, '{"a": 1}', 'leave out `key`'],
    [list, '[1]', 'it is no object'],
    [list, '[{"x": 1}]', 'id, which rows are found by, must be text or a whole number'],
    [list, '[{"id": 1.5}]', 'must be text or a whole number'],
    [list, '[{"id": 1}, {"id": "1"}]', 'its key is that of line 1 too: "1"'],
    [list, '[{"id": 1},\n]', 'line 2: it is no JSON'],
    [lines, '{"id": "a"}\n{"id"', 'line 2: it is no JSON'],
    [lines, '{"id": "a"}\n7', 'line 2: it is no object'],
  ])('%j of %j: %s', (given, text, reason) => {
    const error = thrownBy(() => rowsAtOnceOf(section(given), text));
    expect(error.code).toBe('table-invalid');
    expect(error.message).toContain(reason);
  });

  it('one with a row, or a text, that is too large', () => {
    const text = `k,v\na,${'x'.repeat(2 ** 20)}`;
    expect(thrownBy(() => rowsAtOnceOf(section({ ...csv, maxBytes: '4MiB' }), text))).toMatchObject({
      code: 'table-invalid',
      message: expect.stringContaining('line 2: it has 1048578 bytes, and a row may have 1048576'),
    });
    expect(thrownBy(() => rowsAtOnceOf(section(csv), text))).toMatchObject({ code: 'table-too-large' });
  });
});
