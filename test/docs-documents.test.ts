// A document was copied from a page, and `mkb validate` refused it.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { hasErrors, type Problem } from '../api/problems.ts';
import { loadChecked } from '../cli/documents.ts';
import { removeFolder, temporaryFolder } from './real/cleanup.ts';

const root = resolve(import.meta.dirname, '..');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })].filter(
  // Generated from the schema, piece by piece.
  page => !page.startsWith('docs/reference/'),
);

/** Each fence of YAML in a page: its first line in the page, and its text. */
function fences(page: string): { line: number; text: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^( *)```ya?ml\n([\s\S]*?)^\1```/gm)].map(match => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    text: match[2]!.replaceAll(new RegExp(`^${match[1]}`, 'gm'), ''),
  }));
}

interface Part {
  readonly kind?: string;
  readonly spec?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const examples = pages.flatMap((page): [place: string, document: object][] =>
  fences(page).flatMap(({ line, text }) => {
    const documents = text.split(/^---$/m).map(each => parse(each) as Part | null);
    return documents.flatMap((document): [place: string, document: object][] => {
      if (document?.kind === 'MqttKafkaBridge') return [[`${page}:${line}`, document]];
      const known = document && !document.kind && Object.keys(document).join() === 'spec';
      return known ? [[`${page}:${line} (a part)`, completed(document)]] : [];
    });
  }),
);

/** A part of a document, in one that is as short as can be. */
function completed({ spec = {} }: Part): object {
  const brokers = ['url', 'urls', 'broker', 'brokerRef', 'listen'];
  const clusters = ['bootstrapServers', 'clusterRef'];
  const given = (section: string, names: readonly string[]) => names.some(name => name in (spec[section] ?? {}));
  return {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'example' },
    spec: {
      rules: [{ name: 'all', sql: 'SELECT payload FROM "a"', sinks: [{ kafka: { topic: 'a' } }] }],
      ...spec,
      mqtt: { ...(given('mqtt', brokers) ? {} : { url: 'mqtt://broker:1883' }), ...spec.mqtt },
      kafka: { ...(given('kafka', clusters) ? {} : { bootstrapServers: ['kafka:9092'] }), ...spec.kafka },
    },
  };
}

test('there are documents in the pages', () => {
  expect(examples.length).toBeGreaterThan(15);
  expect(examples.filter(([place]) => place.startsWith('docs/clouds/')).length).toBeGreaterThanOrEqual(8);
});

test.each(examples)('%s is a document that mkb validate accepts', async (_, document) => {
  const folder = temporaryFolder('docs');
  const file = join(folder, 'example.yaml');
  writeFileSync(file, stringify(document));
  const { problems } = await loadChecked([file], 'anywhere');
  removeFolder(folder);
  const shown = problems.map(({ path, message }: Problem) => `${path}: ${message}`);
  expect(hasErrors(problems), shown.join('\n')).toBe(false);
});
