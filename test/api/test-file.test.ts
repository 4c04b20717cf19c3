import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTestFiles } from '../../api/test-file.ts';

const load = (text: string) => loadTestFiles(['-'], { stdin: Readable.from([text]) });

const sound = `tests:
  - rule: fast
    name: it holds
    message: {topic: cars/7}
    rows: ['{"a": 1}']
`;

describe('a file of tests', () => {
  it('is read with defaults, and tells where each test stands', async () => {
    const { files, problems } = await load(sound);
    expect(problems).toEqual([]);
    expect(files[0]?.tests[0]?.message).toEqual({ topic: 'cars/7', qos: 0, retain: false, timestamp: 0 });
    expect(files[0]?.locate(0)).toMatchObject({ line: 2, column: 5 });
  });

  it('tests the document that it names, from its own folder', async () => {
    const { files } = await load(`document: ../deploy/cars.yaml\n${sound}`);
    expect(files[0]?.document).toBe('../deploy/cars.yaml');
  });

  it.each([
    ['', 'it holds no tests'],
    ['tests: []', 'an empty list'],
    ['tests: [{rule: a}]', '`name` is missing'],
    [sound.replace('rows', 'row'), 'Did you mean `rows`?'],
    [sound.replace('topic', 'topics'), '`topics` is not a field here'],
    ['a: [', 'indentation'],
  ])('is refused with a reason: %j', async (text, reason) => {
    const { files, problems } = await load(text);
    expect(files).toEqual([]);
    expect(problems.map(({ message }) => message).join(' ')).toContain(reason);
  });
});

it('any text is tests or problems', async () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('base64:!', 'a/#', 'rule-failed', '{', '{}', null));
  const test = fc.record(
    {
      rule: value,
      name: value,
      message: fc.oneof(value, fc.record({ topic: value, payload: value })),
      rows: fc.array(value),
      error: value,
    },
    { requiredKeys: [] },
  );
  const texts = fc.oneof(
    fc.record({ tests: fc.array(test) }).map(each => JSON.stringify(each)),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(texts, async text => {
      const { files, problems } = await load(text);
      expect(files.length + problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
