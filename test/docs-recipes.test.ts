// A rule of the page was copied for a device, and gave another record than the page shows.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileRule } from '../rules/compile.ts';
import { exampleMessage, readBy } from '../rules/example-message.ts';
import { encodeJson } from '../rules/json.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../docs/recipes.md'), 'utf8');

const sections = page.split(/^## /m).slice(1);

const recipes = sections.map(section => {
  const [name = ''] = section.split('\n');
  const fence = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``).exec(section)?.[1] ?? '';
  return { name, sql: fence('sql'), messages: fence('text').split('\n'), rows: fence('json').split('\n') };
});

const payloadOf = (text: string): Buffer | string => {
  if (text.startsWith('base64:')) return Buffer.from(text.slice('base64:'.length), 'base64');
  // Text whose spaces belong to it.
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
};

describe('each recipe gives what the page shows', () => {
  test.each(recipes)('$name', ({ sql, messages, rows }) => {
    const rule = compileRule(sql);
    const made = messages.flatMap((line, at) => {
      const [topic = '', ...rest] = line.split(' ');
      const message = exampleMessage({ topic, payload: payloadOf(rest.join(' ')), timestamp: 1_700_000_000_000 + at });
      const read = readBy(rule, message);
      return read === undefined ? [] : rule.rows(read.input, read.captures).map(row => JSON.parse(encodeJson(row)));
    });
    expect(made).toEqual(rows.map(row => JSON.parse(row)));
  });

  test.each(recipes)('$name raises no doubt', ({ sql }) => {
    expect(compileRule(sql).doubts).toEqual([]);
  });
});

test('there is one for each kind of device', () => {
  expect(recipes.map(({ name }) => name)).toEqual([
    'Tasmota',
    'Shelly',
    'Zigbee2MQTT',
    'The Things Network',
    'ChirpStack',
    'Sparkplug B',
    'SenML',
    'OwnTracks',
    'Victron',
    'Homie',
    'AWS IoT device shadow',
    'Line protocol',
  ]);
});
