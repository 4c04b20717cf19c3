import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { formatText } from '../../cli/fmt-document.ts';
import { mkb } from './mkb-process.ts';

const head = 'apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaBridge\n';

describe('a document is written', () => {
  it.each<[string, string, string]>([
    [
      'with even indentation, its comments, quotes and empty lines',
      `# first\n${head}metadata:   {  name: cars  } # the name\n\nspec:\n    mqtt:\n        url: "mqtt://h"   # there\n    rules:\n    - name: 'all'\n# of all\n      sql: select a from "x"\n`,
      `# first\n${head}metadata: {name: cars} # the name\n\nspec:\n  mqtt:\n    url: "mqtt://h" # there\n  rules:\n    - name: 'all'\n      # of all\n      sql: SELECT a FROM "x"\n`,
    ],
    [
      'with long SQL as a block',
      `${head}spec:\n  rules:\n    - sql: "select ${'payload.a_rather_long_name as b, '.repeat(4)}c from \\"x\\""\n`,
      `${head}spec:\n  rules:\n    - sql: |\n        SELECT ${'payload.a_rather_long_name AS b, '.repeat(4)}c\n        FROM "x"\n`,
    ],
    [
      'with brackets over several lines as a block',
      `${head}spec: {mqtt: {url: x},\n  kafka: {\n    bootstrapServers: [a, b]}}\n`,
      `${head}spec:\n  mqtt: {url: x}\n  kafka:\n    bootstrapServers: [a, b]\n`,
    ],
    [
      'beside others, whose SQL is none of ours',
      `kind: ConfigMap\nspec: {rules: [{sql: select a from "x"}]}\n---\n${head}spec: {rules: [{sql: select a from "x"}]}\n`,
      `kind: ConfigMap\nspec: {rules: [{sql: select a from "x"}]}\n---\n${head}spec: {rules: [{sql: SELECT a FROM "x"}]}\n`,
    ],
    [
      'as JSON if it is JSON',
      '{"kind":"MqttKafkaBridge","spec":{"rules":[{"sql":"select a from \\"x\\""}]}}',
      '{\n  "kind": "MqttKafkaBridge",\n  "spec": {\n    "rules": [\n      {\n        "sql": "SELECT a FROM \\"x\\""\n      }\n    ]\n  }\n}\n',
    ],
    ['with anchors', `${head}a: &x {b: 1}\nc:   *x\n`, `${head}a: &x {b: 1}\nc: *x\n`],
    [
      'with text that has a # or a colon',
      `${head}a:   "# no comment"\nb:  'x: y'\n`,
      `${head}a: "# no comment"\nb: 'x: y'\n`,
    ],
  ])('%s', (_name, text, formatted) => {
    expect(formatText(text, 'f')).toBe(formatted);
    expect(formatText(formatted, 'f')).toBe(formatted);
  });
});

it.each([
  ['a: [', 'f is left as it is: '],
  ['a: {{ .Values.x }}: b: c', 'f is left as it is: '],
])('%s is not touched', (text, message) => {
  expect(() => formatText(text, 'f')).toThrow(message);
});

/** With the spaces and the case of SQL left out. */
const dataOf = (text: string): unknown =>
  parseAllDocuments(text).map(document =>
    JSON.stringify(document.toJS(), (name, value) =>
      name === 'sql' ? value.toLowerCase().replaceAll(/\s/g, '') : value,
    ),
  );

it('examples and documents of pages mean what they meant, and keep all their comments', async () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const pages = globSync(['docs/*.md', 'README.md'], { cwd: root }).flatMap(file =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(/^```yaml\n(apiVersion.*?)^```/gms)].map(
      ([, text]) => text!,
    ),
  );
  const examples = globSync('examples/*.yaml', { cwd: root }).map(file => readFileSync(path.join(root, file), 'utf8'));
  expect([pages.length > 5, examples.length > 5]).toEqual([true, true]);
  for (const text of [...pages, ...examples]) {
    // Written badly, it is brought back to one form.
    const spoilt = text.replaceAll('SELECT', 'select').replaceAll(' WHERE ', '   where ');
    const formatted = formatText(spoilt, 'f');
    expect(formatText(formatted, 'f')).toBe(formatted);
    expect(dataOf(formatted)).toEqual(dataOf(text));
    expect(formatted.match(/(?<=^|\s)#.*$/gm)).toEqual(text.match(/(?<=^|\s)#.*$/gm));
  }
});

describe('mkb fmt', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mkb-fmt-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string) => path.join(folder, name);
  const bad = `${head}metadata: {name:  cars}\n`;
  const good = `${head}metadata: {name: cars}\n`;

  it('changes files, says which, and leaves their rights', async () => {
    writeFileSync(file('a.yaml'), bad);
    chmodSync(file('a.yaml'), 0o600);
    writeFileSync(file('b.yaml'), good);
    symlinkSync(file('a.yaml'), file('c.yaml'));
    const check = await mkb(['fmt', '--check', folder]);
    expect([check.code, check.stdout]).toEqual([1, `${file('a.yaml')}\n${file('c.yaml')}\n`]);
    expect(readFileSync(file('a.yaml'), 'utf8')).toBe(bad);
    const { code, stdout, stderr } = await mkb(['fmt', file('b.yaml'), file('c.yaml')]);
    expect([code, stdout, stderr]).toEqual([0, `${file('c.yaml')}\n`, '']);
    expect([readFileSync(file('a.yaml'), 'utf8'), statSync(file('a.yaml')).mode & 0o777]).toEqual([good, 0o600]);
    expect((await mkb(['fmt', '--check', folder])).code).toBe(0);
  });

  it('goes from standard input to standard output', async () => {
    expect(await mkb(['fmt', '-'], { stdin: bad })).toEqual({ code: 0, stdout: good, stderr: '' });
    expect(await mkb(['fmt', '-'], { stdin: good })).toEqual({ code: 0, stdout: good, stderr: '' });
    expect(await mkb(['fmt', '--check', '-'], { stdin: bad })).toEqual({ code: 1, stdout: '<stdin>\n', stderr: '' });
  });

  it('reports what it cannot read, and goes on with the others', async () => {
    writeFileSync(file('broken.yaml'), 'a: [\n');
    writeFileSync(file('fine.yaml'), bad);
    const { code, stdout, stderr } = await mkb(['fmt', file('broken.yaml'), file('fine.yaml'), file('none.yaml')]);
    expect([code, stdout]).toEqual([78, `${file('fine.yaml')}\n`]);
    expect(stderr).toContain('broken.yaml is left as it is: ');
    expect(stderr).toContain('none.yaml cannot be read: there is no such file.');
    expect(readFileSync(file('broken.yaml'), 'utf8')).toBe('a: [\n');
  });
});
