/** Bytes come from whoever may publish: whatever they are, they are a value or are refused. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { Refusal } from '../../../rules/refusal.ts';
import { avroCodec } from '../../../rules/schemas/avro/codec.ts';
import type { Codec } from '../../../rules/schemas/codec.ts';
import { jsonCodec } from '../../../rules/schemas/json/codec.ts';
import { protobufCodec } from '../../../rules/schemas/protobuf/codec.ts';
import { RegistrySchema } from '../../../rules/schemas/registry.ts';
import type { Value } from '../../../rules/value.ts';
import { plainly } from './plainly.ts';

const avro = avroCodec(`{"type": "record", "name": "A", "fields": [
  {"name": "next", "type": ["null", "A"], "default": null}, {"name": "n", "type": "long"}, {"name": "d", "type": "double"},
  {"name": "l", "type": {"type": "array", "items": ["null", "string", "int"]}}, {"name": "m", "type": {"type": "map", "values": "bytes"}}]}`);
const protobuf = protobufCodec(`syntax = "proto3"; enum E { X = 0; Y = 1; }
  message A { A next = 1; int64 n = 2; double d = 3; repeated string l = 4; map<string, bytes> m = 5; E e = 6; oneof o { bool b = 7; sint32 s = 8; } }`);
const json = jsonCodec('{"properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}');
const registry = new RegistrySchema('r', true);
registry.learn(0, { kind: 'avro', codec: avro });
registry.learn(1, { kind: 'protobuf', codec: protobuf });

const refusalOf = (action: () => Value): Value => {
  try {
    return action();
  } catch (error) {
    expect(error instanceof Refusal || MkbError.is(error) ? undefined : error).toBeUndefined();
    return undefined;
  }
};

const noise = fc.uint8Array({ maxLength: 60 });
/** Bytes in which small numbers, which most things begin with, are likely. */
const likely = fc.array(fc.oneof(fc.nat(12), fc.nat(255)), { maxLength: 60 });
const bytes = fc.oneof(noise, likely).map(each => Buffer.from(each));

test.each<[string, Codec, string | undefined]>([
  ['Avro', avro, undefined],
  ['Protobuf', protobuf, 'A'],
  ['JSON', json, undefined],
])('of %s', (_name, codec, type) => {
  fc.assert(
    fc.property(bytes, each => {
      const value = refusalOf(() => codec.decode(each, type));
      if (value !== undefined) expect(plainly(codec.decode(codec.encode(value, type), type))).toEqual(plainly(value));
    }),
    { numRuns: 2000 },
  );
});

test('behind the id of a schema', () => {
  const tagged = fc
    .tuple(fc.constantFrom(0, 1, 2), bytes)
    .map(([id, rest]) => Buffer.concat([Buffer.of(0, 0, 0, 0, id), rest]));
  fc.assert(
    fc.property(fc.oneof(tagged, bytes), each => {
      refusalOf(() => registry.decode(each));
    }),
    { numRuns: 2000 },
  );
});

test('and any value is bytes or refused', () => {
  const values = fc.anything({ withBigInt: true, withNullPrototype: true }).filter(value => typeof value !== 'symbol');
  fc.assert(
    fc.property(values, value => {
      for (const codec of [avro, protobuf, json])
        refusalOf(() => codec.encode(value as Value, codec === protobuf ? 'A' : undefined));
    }),
    { numRuns: 1000 },
  );
});
