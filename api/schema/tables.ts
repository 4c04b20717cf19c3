/** `spec.tables`: what `lookup` in rules finds by a key. */
import type { Static } from 'typebox';
import { choice, list, optional, section, size, text, whole } from './fields.ts';

const table = section(
  'A table under the name by which rules look it up.',
  {
    name: text("The name: `lookup('name', key)`.", {
      pattern: '^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$',
      expected: 'up to 63 letters, digits, dots, underscores and dashes',
    }),
    file: optional(
      text(
        "The path of a file, from the bridge's working directory if relative. It is read again when it changes; a file that is wrong then leaves the table as it was. In Kubernetes: an absolute path into a volume that `spec.bridge.podTemplate` mounts.",
      ),
    ),
    text: optional(text('The table itself, for a small one.')),
    format: optional(
      choice(
        ['csv', 'json', 'ndjson'],
        'How it is written: CSV with a header (all values are text), JSON (an object whose keys are those of the rows, or a list of objects), or an object of JSON on each line.',
        { hints: { jsonl: 'Write `ndjson`.', tsv: "Write `csv`, with `separator: '\\t'`." } },
      ),
    ),
    key: optional(
      text('The column that rows are found by. Only a JSON object whose keys are those of the rows has none.'),
    ),
    separator: choice([',', ';', '\t', '|'], 'What separates the values of CSV.', { default: ',' }),
    maxRows: whole('How many rows it may have. A table with more is refused as a whole.', {
      minimum: 1,
      maximum: 20_000_000,
      default: 1_000_000,
    }),
    maxBytes: size(
      'How large the file may be. The bridge holds it in memory, with 28 bytes for each row, and twice while it is read again.',
      { min: '1KiB', max: '1GiB', default: '64MiB' },
    ),
  },
  { exactlyOne: ['file', 'text'] },
);

export const tables = list(table, 'Tables that rules look values up in, to enrich messages.', {
  key: 'name',
  default: [],
});

export type TableSection = Static<typeof table>;
