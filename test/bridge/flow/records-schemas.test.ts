import { expect, test } from 'vitest';
import { avroCodec } from '../../../rules/schemas/avro/codec.ts';
import { schemasOf } from '../../../rules/schemas/schemas.ts';
import { until } from '../../real/until.ts';
import { recordFlow } from './support/record-flow.ts';

const int = { kind: 'avro', codec: avroCodec('"int"') } as const;

// A record whose rule had to wait for a schema was counted as filtered when the rule was tried again, and lost.
test.each([
  ['CHANGED', 'CHANGED(key)'],
  ['DEDUP', 'DEDUP(key, 60s)'],
  ['kv_store_put', "kv_store_get('seen') IS NULL AND kv_store_put('seen', 1)"],
])('a record that %s lets pass is published although its schema has to be fetched first', async (_name, where) => {
  const registry = { url: 'http://registry.example', requestTimeout: '1s' };
  const schemas = schemasOf([{ name: 's', registry }] as never);
  const flow = recordFlow(
    `SELECT schema_decode('s', value) AS v FROM "$kafka/t" WHERE ${where}`,
    { topic: 'out', payload: '${v}', qos: 1, retain: false },
    {
      schemas,
      obtainSchema: async ({ id }) => {
        schemas.registries[0]!.learn(id!, int);
        return true;
      },
    },
  );
  flow.give({ key: 'k', value: Buffer.of(0, 0, 0, 0, 7, 12) });
  expect(flow.published).toEqual([]);
  await until('the schema', () => flow.source.room() === undefined, { everyMs: 2 });
  flow.give({ key: 'k', value: Buffer.of(0, 0, 0, 0, 7, 12) });
  expect([flow.published.map(({ payload }) => payload.toString()), flow.failures]).toEqual([['6'], []]);
});
