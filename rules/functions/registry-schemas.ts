/** EMQX's functions of an external registry, under its names. Where `schema_decode` and `schema_encode` do, they are shorter. */
import { Refusal } from '../refusal.ts';
import { tagged } from '../schemas/confluent.ts';
import { RegistrySchema } from '../schemas/registry.ts';
import type { Schemas } from '../schemas/schemas.ts';
import { isText, type Value } from '../value.ts';
import { any, bytes, type ConstantFault, define, type FunctionEntry, integer, text } from './define.ts';
import { codecOf, unknownSchema } from './schemas.ts';

const registryOf = (schemas: Schemas, name: string): RegistrySchema => {
  const codec = codecOf(schemas, name);
  if (codec instanceof RegistrySchema) return codec;
  throw new Refusal(notRegistry(name));
};

const notRegistry = (name: string): string => `${name} is a schema without a registry`;

/** @param parameter which argument names the registry */
const checkRegistry =
  (parameter: number) =>
  (constants: readonly Value[], { schemas }: { readonly schemas: Schemas }): ConstantFault | undefined => {
    const name = constants[parameter];
    if (!isText(name)) return undefined;
    const codec = schemas.find(name.toString());
    if (codec === undefined) return { ...unknownSchema(name.toString(), schemas), parameter };
    return codec.kind === 'registry'
      ? undefined
      : { parameter, reason: `needs a registry: ${notRegistry(name.toString())}` };
  };

const checkTag = (
  constants: readonly Value[],
  { schemas }: { readonly schemas: Schemas },
): ConstantFault | undefined => {
  const [name] = constants;
  if (isText(name)) {
    const codec = schemas.find(name.toString());
    if (codec === undefined) return unknownSchema(name.toString(), schemas);
    if (codec.kind !== 'avro' && codec.kind !== 'json')
      return { parameter: 0, reason: 'takes a schema of Avro or JSON Schema that stands in the document' };
  }
  return checkRegistry(1)(constants, { schemas });
};

export const registrySchemaFunctions: readonly FunctionEntry[] = [
  define({
    name: 'schema_decode_tagged',
    parameters: [text('registry'), bytes('data')],
    returns: 'any',
    description: 'What bytes hold by the schema of a registry whose id they begin with: the same as `schema_decode`.',
    examples: [["schema_decode_tagged('points', hexstr2bin('00000000010205'))", { x: 1, y: -3 }]],
    check: checkRegistry(0),
    call: ([name, data], { schemas }) => registryOf(schemas, name).decode(data),
  }),
  define({
    name: 'schema_encode_and_tag',
    parameters: [text('schema'), text('registry'), any('value'), text('subject')],
    returns: 'bytes',
    description:
      'A map as bytes by a schema of the document (Avro, JSON Schema), after the id that a registry has it by under `subject`. The schema is registered there when the first message needs it.',
    examples: [
      ["bin2hexstr(schema_encode_and_tag('point', 'points', {x: 1, y: -3}, 'points-value'))", '00000000010205'],
    ],
    check: checkTag,
    call: ([schema, name, value, subject], { schemas }) => {
      const message = codecOf(schemas, schema).encode(value);
      return tagged(registryOf(schemas, name).idOf({ schema, subject }), message);
    },
  }),
  define({
    name: 'avro_decode',
    parameters: [text('registry'), bytes('data'), integer('id')],
    returns: 'any',
    description:
      'What bytes hold by the schema that a registry has by this id, where the bytes themselves do not say it.',
    examples: [["avro_decode('points', hexstr2bin('0205'), 1)", { x: 1, y: -3 }]],
    check: checkRegistry(0),
    call: ([name, data, id], { schemas }) => registryOf(schemas, name).codecOf(id).decode(data),
  }),
  define({
    name: 'avro_encode',
    parameters: [text('registry'), any('value'), integer('id')],
    returns: 'bytes',
    description: 'A map as bytes by the schema that a registry has by this id, without the id before them.',
    examples: [["bin2hexstr(avro_encode('points', {x: 1, y: -3}, 1))", '0205']],
    check: checkRegistry(0),
    call: ([name, value, id], { schemas }) => registryOf(schemas, name).codecOf(id).encode(value),
  }),
];
