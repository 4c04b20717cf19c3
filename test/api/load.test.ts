import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadDocuments, loadText } from '../../api/load.ts';
import type { Problem } from '../../api/problems.ts';
import { documentOf, told } from './support/documents.ts';

const valid = `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata:
  name: cars
spec:
  mqtt:
    url: mqtt://localhost:1883
  kafka:
    bootstrapServers: [localhost:9092]
  rules:
    - name: all
      sql: |
        SELECT payload
        FROM "cars/#"
      sinks:
        - kafka: {topic: cars}
`;

/** The valid document with one piece of its text replaced. */
const changed = (from: string, to: string): Problem[] => {
  expect(valid).toContain(from);
  return loadText(valid.replace(from, to), 'a.yaml').problems;
};

const place = ({ line, column }: Problem) => `${line}:${column}`;

describe('a problem has its place', () => {
  it.each([
    ['an unknown field at its name', '    url:', '    urk: x\n    url:', '7:5', 'Did you mean `url`?'],
    ['a wrong value at the value', 'name: cars', 'name: Cars', '4:9', 'Found "Cars"'],
    ['a number for text', 'name: cars', 'name: 5', '4:9', 'Found the number 5'],
    [
      'an empty field at its name',
      '    bootstrapServers: [localhost:9092]',
      '    bootstrapServers:',
      '9:5',
      'Found nothing',
    ],
    [
      'a missing field at the mapping that misses it',
      '    - name: all\n      sql',
      '    - sql',
      '11:7',
      '`name` is missing',
    ],
    [
      'a missing section at the mapping that misses it',
      '  mqtt:\n    url: mqtt://localhost:1883\n',
      '',
      '5:1',
      '`mqtt` is missing',
    ],
    ['an item of a list', '[localhost:9092]', '[localhost:9092, x]', '9:40', 'Found "x"'],
  ])('%s', (_, from, to, at, message) => {
    const problems = changed(from, to);
    expect(problems.map(place)).toEqual([at]);
    expect(problems[0]!.message).toContain(message);
  });

  it('a character in a block of SQL has the line and column of the file', () => {
    const loaded = loadText(valid, 'a.yaml').documents[0]!;
    const sql = loaded.document.spec.rules[0]!.sql;
    expect(loaded.locateInString(['spec', 'rules', 0, 'sql'], sql.indexOf('"cars'))).toEqual({
      file: 'a.yaml',
      line: 14,
      column: 14,
      sourceLine: '        FROM "cars/#"',
    });
  });

  it('a field that is not in the file is found at the mapping it would be in', () => {
    const loaded = loadText(valid, 'a.yaml').documents[0]!;
    expect(loaded.locate(['spec', 'kafka', 'producer', 'linger'])).toMatchObject({ line: 9, column: 5 });
    expect(loaded.locate(['spec', 'kafka'], 'key')).toMatchObject({ line: 8, column: 3 });
  });

  it('a value that an alias repeats is found where it is written', () => {
    const yaml = valid
      .replace('localhost:1883', '&a localhost:1883')
      .replace('url: mqtt://&a ', 'url: &a mqtt://')
      .replace('name: all', 'name: all\n      description: *a');
    const loaded = loadText(yaml, 'a.yaml').documents[0]!;
    expect(loaded.document.spec.rules[0]!.description).toBe('mqtt://localhost:1883');
    expect(loaded.locate(['spec', 'rules', 0, 'description'])).toMatchObject({ line: 7 });
  });
});

describe('YAML that cannot be read is told with its place and a way out', () => {
  it.each([
    ['a tab', '    url:', '\turl:', '7:1', 'A tab is used for indentation.'],
    ['indentation', '    url:', '    x: 1\n   url:', '8:1', 'indentation does not fit'],
    ['a template in braces without quotes', '{topic: cars}', '{topic: cars, key: ${vin}}', '16:38', 'without quotes'],
    ['a line indented too far', '    url:', '   x: 1\n    url:', '7:7', 'The line below is indented further'],
    ['a second colon', 'name: cars', 'name: cars: x', '4:9', 'A second `: `'],
    ['a quote that is left open', 'name: cars', 'name: "cars', '4:14', 'quote'],
    ['a reserved character', 'name: cars', 'name: @cars', '4:9', 'cannot start with this character'],
    ['a repeated name', '  name: cars', '  name: cars\n  name: bikes', '5:3', '`name` is given twice'],
    ['an alias without an anchor', 'name: cars', 'name: *cars', '4:9', 'does not come before it'],
    ['a tag', 'name: cars', 'name: !secret cars', '4:9', 'tag'],
    [
      'binary data',
      'name: cars',
      'name: !!binary aGVsbG8=',
      '4:18',
      'The tag tag:yaml.org,2002:binary is not supported.',
    ],
    ['a list as a name', 'metadata:', '[metadata]: 1\nmetadata:', '3:1', 'must be text'],
  ])('%s', (_, from, to, at, message) => {
    const [problem] = changed(from, to);
    expect([place(problem!), problem!.code]).toEqual([at, 'document-syntax']);
    expect(problem!.message).toContain(message);
  });

  it('a repeated name does not hide what else is wrong', () => {
    const problems = changed('  name: cars', '  name: cars\n  name: Bikes');
    expect(problems.map(({ code }) => code)).toEqual(['document-syntax', 'field-value']);
  });
});

describe('several documents', () => {
  it('of one file are all loaded, and empty ones skipped', () => {
    const text = `---\n# nothing\n---\n${valid}---\n${valid.replace('name: cars', 'name: bikes')}---\n`;
    const { documents, problems } = loadText(text, 'a.yaml');
    expect(problems).toEqual([]);
    expect(documents.map(({ document }) => document.metadata.name)).toEqual(['cars', 'bikes']);
    expect(documents[1]!.locate(['metadata', 'name'])).toMatchObject({ line: 24, column: 9 });
  });

  it('are all checked, although the first is broken', () => {
    const text = `${valid.replace('name: cars', 'name: {')}---\n${valid.replace('name: cars', 'name: Cars')}`;
    const { documents, problems } = loadText(text, 'a.yaml');
    expect(documents).toEqual([]);
    expect(problems.map(({ code }) => code)).toContain('document-syntax');
    expect(problems.at(-1)).toMatchObject({ code: 'field-value', path: 'metadata.name' });
  });

  it('have names of their own in a namespace', () => {
    const { problems } = loadText(`${valid}---\n${valid}`, 'a.yaml');
    expect(told({ problems })).toEqual(['metadata.name: The name "cars" is taken by the document at a.yaml:4.']);
    const elsewhere = valid.replace('name: cars', 'name: cars\n  namespace: other');
    expect(loadText(`${valid}---\n${elsewhere}`, 'a.yaml').problems).toEqual([]);
  });

  it('of another kind are told as such, and not field by field', () => {
    const { problems } = loadText('apiVersion: v1\nkind: ConfigMap\ndata: {}\n', 'a.yaml');
    expect(problems).toEqual([expect.objectContaining({ code: 'document-kind', line: 2, column: 7 })]);
  });

  it('of nearly our kind are told the right name', () => {
    const [problem] = changed('MqttKafkaBridge', 'MqttKafkaBrigde');
    expect(problem!.message).toContain('Did you mean `MqttKafkaBridge`?');
  });

  it('of a version to come are told the version that is known', () => {
    expect(changed('v1alpha1', 'v1')).toEqual([expect.objectContaining({ code: 'field-value', path: 'apiVersion' })]);
  });

  it.each(['just text', '- a\n- b\n', '5'])('that are not a mapping are told so: %j', text => {
    expect(loadText(text, 'a.yaml').problems).toEqual([expect.objectContaining({ code: 'field-type', line: 1 })]);
  });
});

it('what a cluster prints is a document: other metadata and the status are let alone', () => {
  const metadata = { name: 'cars', uid: 'x', resourceVersion: '5', managedFields: [{}], generation: 3 };
  const { problems } = loadText(stringify({ ...documentOf(), metadata, status: { anything: 1 } }), 'a.yaml');
  expect(problems).toEqual([]);
});

it('checks from outside run as soon as the parts they read are right', () => {
  const seen: string[] = [];
  const check = {
    reads: [['spec', 'rules']],
    check: () => {
      seen.push('ran');
      return [];
    },
  };
  loadText(valid.replace('mqtt://', 'nonsense://'), 'a.yaml', { checks: [check] });
  expect(seen).toEqual(['ran']);
  loadText(valid.replace('sql:', 'sqk:'), 'a.yaml', { checks: [check] });
  expect(seen).toEqual(['ran']);
});

describe('a hostile document', () => {
  it('cannot reach a prototype', () => {
    const problems = [
      ...loadText(valid.replace('  name: cars', '  name: cars\n  __proto__: {polluted: 1}'), 'a.yaml').problems,
      ...loadText('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}', 'a.json').problems,
    ];
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(problems.map(({ message }) => message)).toContain('`__proto__` is not a field here.');
    expect(problems.map(({ message }) => message)).toContain('`constructor` is not a field here.');
  });

  it('that multiplies by aliases is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const item = level === 0 ? 'x' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(10).fill(item).join(', ')}]`;
    });
    const { problems } = loadText(levels.join('\n'), 'a.yaml');
    expect(problems.map(({ code }) => code)).toEqual(['document-too-large']);
  });

  it('whose alias stands within what it repeats is refused', () => {
    const { problems } = loadText('a: &a [1, *a]\n', 'a.yaml');
    expect(problems).toContainEqual(expect.objectContaining({ code: 'document-syntax', line: 1, column: 11 }));
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['block mappings', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['many names', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n')],
  ])('of %s is refused in a moment', (_, text) => {
    const before = process.cpuUsage();
    const { problems } = loadText(text, 'a.yaml');
    const { user, system } = process.cpuUsage(before);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(50);
    // Time of the processor, since others may have it too.
    expect((user + system) / 1000).toBeLessThan(10_000);
  });

  it('of any text has problems and throws nothing', () => {
    const yamlLike = fc.string({ unit: fc.constantFrom(...'ab:{}[]-&*|>!%@`\'"#,?\n\t ${}'), maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(yamlLike, fc.string(), fc.json()), text => {
        expect(loadText(text, 'a.yaml').problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('no excerpt shows a secret', () => {
  const line = (auth: string) =>
    changed('localhost:1883', `localhost:1883\n    auth: ${auth}`).map(problem => JSON.stringify(problem));

  it.each([
    ['beside a mistake', '{username: x, password: {value: hunter2}, foo: 1}'],
    ['under a misspelt name', '{username: x, pasword: {value: hunter2}}'],
    ['given as text', '{username: x, password: hunter2}'],
    ['given as a list', '{username: x, password: [hunter2]}'],
    ['with a misspelt field', '{username: x, password: {vaule: hunter2}}'],
    ['in YAML that cannot be read', '{username: x, password: {value: hunter2}'],
  ])('%s', (_, auth) => {
    const problems = line(auth);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('nor the credentials of a url', () => {
    const problems = changed('mqtt://localhost', 'mqtt://me:hunter2@localhost');
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('nor the headers of a WebSocket', () => {
    const problems = changed(
      'localhost:1883',
      'localhost:1883\n    webSocket: {headers: [{name: authorization, valu: hunter2}]}',
    );
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('files', () => {
  let folder: string;
  const write = (name: string, text: string | Buffer) => writeFile(path.join(folder, name), text);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mkb-load-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('of a folder are read by name, YAML and JSON alike, and others left alone', async () => {
    await write('b.yml', valid.replace('name: cars', 'name: b'));
    await write('a.json', JSON.stringify(documentOf()));
    await write('notes.txt', 'no document');
    const { documents, problems } = await loadDocuments([folder]);
    expect(problems).toEqual([]);
    expect(documents.map(({ file }) => path.basename(file))).toEqual(['a.json', 'b.yml']);
  });

  it('may be standard input', async () => {
    const { documents } = await loadDocuments(['-'], { stdin: Readable.from([valid]) });
    expect(documents.map(({ file }) => file)).toEqual(['<stdin>']);
  });

  it('have all their problems told at once', async () => {
    await write('a.yaml', valid.replace('name: cars', 'name: A'));
    await write('b.yaml', valid.replace('name: cars', 'name: B'));
    const { problems } = await loadDocuments([
      path.join(folder, 'b.yaml'),
      path.join(folder, 'a.yaml'),
      path.join(folder, 'c.yaml'),
    ]);
    expect(problems.map(({ file, code }) => [path.basename(file), code])).toEqual([
      ['a.yaml', 'field-value'],
      ['b.yaml', 'field-value'],
      ['c.yaml', 'document-unreadable'],
    ]);
  });

  it.each([
    ['empty', '', 'it holds no document'],
    ['of comments', '# nothing\n', 'it holds no document'],
    ['not UTF-8', Buffer.from([0x61, 0xff, 0xfe]), 'it is not UTF-8 text'],
    ['over 1 MiB', `# ${'x'.repeat(1024 * 1024)}`, 'the limit is 1 MiB'],
  ])('that are %s are told so', async (_, content, reason) => {
    await write('a.yaml', content);
    const { problems } = await loadDocuments([path.join(folder, 'a.yaml')]);
    expect(problems).toEqual([expect.objectContaining({ line: 1, message: expect.stringContaining(reason) })]);
  });

  it('missing from a folder are told so', async () => {
    const { problems } = await loadDocuments([folder]);
    expect(problems[0]!.message).toContain('has no .yaml, .yml or .json file');
  });
});
