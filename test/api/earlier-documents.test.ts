/**
 * Documents of earlier versions, with what they meant then: `earlier/VERSION/NAME.yaml`, and beside it `NAME.json`, the document with its defaults. Neither is
 * ever changed. A version that is released adds a folder.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadChecked } from '../../cli/documents.ts';

const folder = fileURLToPath(new URL('earlier', import.meta.url));
const documents = readdirSync(folder).flatMap(version =>
  readdirSync(join(folder, version))
    .filter(name => name.endsWith('.yaml'))
    .map(name => [version, name] as const),
);

test.each(documents)('a document of %s is valid and means what it meant: %s', async (version, name) => {
  const file = join(folder, version, name);
  const { documents, problems } = await loadChecked([file], 'anywhere');
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  // Fields that are new may have a default.
  expect(documents[0]!.document).toMatchObject(JSON.parse(readFileSync(file.replace(/yaml$/, 'json'), 'utf8')));
});
