import fc from 'fast-check';
import { Check } from 'typebox/schema';
import { describe, expect, it } from 'vitest';
import { documentField } from '../../api/bridge.ts';
import { documentJsonSchema } from '../../api/json-schema.ts';
import { checkShape } from '../../api/shape.ts';
import { documentOf, ruleOf } from './support/documents.ts';

const schema = documentJsonSchema();

const full = documentOf({
  mqtt: {
    urls: ['mqtts://a', 'mqtts://b:1'],
    auth: { username: 'u', password: { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } } },
    tls: { ca: { valueFrom: { file: 'ca.pem' } } },
    reconnect: { minDelay: '1s' },
  },
  kafka: {
    clusterRef: { name: 'k' },
    producer: { acks: 'all', idempotent: true },
    topics: [{ name: 't', partitions: 3, config: { 'retention.ms': '1' } }],
  },
  rules: [ruleOf({ topic: 't', headers: [{ name: 'h', value: '' }] })],
  delivery: { buffer: { mode: 'disk', maxBytes: '1GiB' }, onFailure: { deadLetter: { topic: 'dead' } } },
  bridge: { podTemplate: { spec: { anything: [1] } } },
  monitoring: { grafana: {} },
});

/** Places in a document, each as its holder and name. */
const places = (value: unknown): { holder: Record<string, unknown>; name: string }[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => [
        { holder: value as Record<string, unknown>, name },
        ...places(inner),
      ])
    : [];

describe('the JSON Schema', () => {
  it('takes the smallest document and a full one', () => {
    expect(Check(schema, documentOf())).toBe(true);
    expect(Check(schema, full)).toBe(true);
    expect(checkShape(documentField, full)).toEqual([]);
  });

  it('and the validator say the same of any change to a document', () => {
    const replacement = fc.constantFrom<unknown>(
      null,
      5,
      0.5,
      -1,
      true,
      'x',
      '',
      '5ms',
      '1GiB',
      [],
      {},
      { value: 'v' },
      ['a:1'],
      'none',
    );
    const change = fc.oneof(
      replacement.map(value => ({ value })),
      fc.constant('delete'),
      fc.constantFrom('nonsense', 'url', 'value', 'drop').map(name => ({ name })),
    );
    fc.assert(
      fc.property(fc.nat(), change, (seed, what) => {
        const document = structuredClone(full);
        const all = places(document);
        const { holder, name } = all[seed % all.length]!;
        if (typeof what === 'string') Array.isArray(holder) ? holder.pop() : delete holder[name];
        else if ('name' in what)
          Array.isArray(holder) ? holder.push(what.name) : Object.assign(holder, { [what.name]: 1 });
        else holder[name] = what.value;
        // Only the validator knows ranges of quantities: JSON Schema compares no units.
        const found = checkShape(documentField, document).filter(
          ({ message }) => !/\d\w+ to \d|multiple of/.test(message),
        );
        expect([Check(schema, document), found]).toEqual([found.length === 0, found]);
      }),
      { numRuns: 2000 },
    );
  });
});
