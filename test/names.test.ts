// Three names for one thing sent a reader of the log to a page that did not have the word: in prose it is "Kafka to MQTT", in code and metrics "records".
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const own = 'test/names.test.ts';
const files = globSync('**/*.{ts,js,md,yaml,html,json}', {
  cwd: root,
  exclude: name => ['node_modules', '.git', 'dist', 'package-lock.json'].includes(name),
}).filter(file => file !== own);

const oldNames =
  /\bway[-_ ]?back\b|wayBack|WayBack|\bforth and back\b|\bback and forth\b|\bgoes back to MQTT\b|\bthe other way\b/;

it('the direction from Kafka to MQTT has one name', () => {
  expect(files.length).toBeGreaterThan(1000);
  expect(files.filter(file => oldNames.test(file))).toEqual([]);
  expect(files.filter(file => oldNames.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

it('no type of ours has the name of one of TypeScript’s own', () => {
  const ours =
    /\b(?:interface|type|class|enum) (?:Record|Partial|Required|Readonly|Pick|Omit|Exclude|Extract|Awaited|Parameters|ReturnType)\b(?! *[;,}])/;
  expect(files.filter(file => file.endsWith('.ts') && ours.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
