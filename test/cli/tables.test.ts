// Lookup tables worked in the bridge alone: a rule with one could be tried nowhere before.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validateFiles } from '../../library/document.ts';
import { mkb } from './mkb-process.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/tables.md'), 'utf8');
const fence = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!;

let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-tables-'));
  await writeFile(file('devices.csv'), fence('csv'));
  // As from the folder of the page.
  await writeFile(file('trackers.yaml'), fence('yaml').replace('file: devices.csv', `file: ${file('devices.csv')}`));
});
afterAll(() => rm(folder, { recursive: true }));

const evaluated = (sql: string, document = 'trackers.yaml') =>
  mkb(['eval', '--document', file(document), '--topic', 'a', sql]);

it('the page shows what eval and test print', async () => {
  const shown = fence('console').split(/^\$ /m).slice(1);
  expect(shown.length).toBe(3);
  for (const [index, example] of shown.entries()) {
    const [command = '', ...lines] = example.trimEnd().split('\n');
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
    const args = words.slice(1).map(word => (word === 'trackers.yaml' ? file(word) : word));
    const { stdout, stderr } = await mkb(args);
    for (const line of lines) expect(index === 2 ? stderr : stdout).toContain(line);
  }
});

describe('a rule that looks values up', () => {
  it('is explained with its tables', async () => {
    const { code, stdout } = await mkb(['explain', file('trackers.yaml')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/tables +devices\n +sites\n/);
  });

  it('gives records of eval --rule from the file', async () => {
    const message = ['--topic', 'trackers/V7', '--payload', '{"lat": 1.5}'];
    const { code, stdout } = await mkb([
      'eval',
      '--document',
      file('trackers.yaml'),
      '--rule',
      'positions',
      ...message,
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Lovelace, Ltd.')]);
  });

  it('fails with the reason when the file is not there', async () => {
    const text = readFileSync(file('trackers.yaml'), 'utf8').replace('devices.csv', 'none.csv');
    await writeFile(file('none.yaml'), text);
    const { code, stderr } = await evaluated("SELECT lookup('devices', 'V1') AS d FROM 'a'", 'none.yaml');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/The table devices has not been read: .*there is no such file. \[table-not-read\]/);
  });

  it('is not tested with a table that is wrong, or that the document does not have', async () => {
    const tests = (tables: string) => `document: trackers.yaml
tests:
  - {rule: positions, name: n, message: {topic: trackers/V1}, tables: [${tables}], rows: []}
`;
    for (const [name, tables, problem] of [
      ['wrong_test.yaml', '{name: devices, text: "owner\\nAda"}', 'no column is named vin'],
      [
        'other_test.yaml',
        '{name: devics, text: "vin\\nV1"}',
        'No table of the document is named devics. Did you mean devices?',
      ],
    ] as const) {
      await writeFile(file(name), tests(tables));
      const { code, stderr } = await mkb(['test', file(name)]);
      expect(code).not.toBe(0);
      expect(stderr).toContain(problem);
    }
  });
});

describe('mkb validate', () => {
  it.each([
    ['{name: t, file: t.txt, key: a}', '`file` does not say how the table is written'],
    ['{name: t, text: "a"}', '`text` does not say how the table is written'],
    ['{name: t, file: t.csv}', 'A table in csv needs `key`'],
    ['{name: t, file: t.jsonl}', 'A table in ndjson needs `key`'],
    ['{name: t, file: t.json, separator: ";"}', '`separator` is for CSV'],
    ['{name: t, format: csv, key: k, text: "k\\na\\na"}', 'its key is that of line 2 too'],
    ['{name: t, format: tsv, key: k, text: "k"}', 'separator'],
    ['{name: t, key: k}', 'exactly one of'],
  ])('refuses %s: %s', async (table, problem) => {
    const [head = ''] = readFileSync(file('trackers.yaml'), 'utf8').split('  tables:');
    const rules = '  rules: [{name: r, sql: SELECT payload FROM "a", sinks: [{kafka: {topic: t}}]}]\n';
    await writeFile(file('one.yaml'), `${head}  tables: [${table}]\n${rules}`);
    const { problems } = await validateFiles([file('one.yaml')]);
    const found = problems.filter(({ severity }) => severity === 'error');
    expect(found.map(({ message, remedy = '' }) => `${message} ${remedy}`).join('\n')).toContain(problem);
  });
});
