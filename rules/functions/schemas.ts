/** Messages by a schema of the document: JSON Schema, Avro, Protobuf, or what a registry has. See ../schemas/. */
import { MkbError } from '../../api/errors.ts';
import { Refusal } from '../refusal.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Schemas } from '../schemas/schemas.ts';
import { isText, type Value } from '../value.ts';
import { any, bytes, type ConstantFault, define, type FunctionEntry, optional, text } from './define.ts';
import { unknownPart } from './unknown-part.ts';

/** Throws Refusal for a name that no schema has. */
export const codecOf = (schemas: Schemas, name: string): Codec => {
  const codec = schemas.find(name);
  if (codec === undefined) throw new Refusal(`there is no schema named ${name}`);
  return codec;
};

/** What is known of a call from its constants, `name` and `type`. */
const checkCall =
  (use: 'decode' | 'encode' | 'check') =>
  (constants: readonly Value[], { schemas }: { readonly schemas: Schemas }): ConstantFault | undefined => {
    const [name, , type] = constants;
    if (!isText(name)) return undefined;
    const codec = schemas.find(name.toString());
    if (codec === undefined) return unknownSchema(name.toString(), schemas);
    const given = constants.length > 2;
    // Which type it is, the message says.
    if (given && !isText(type)) return undefined;
    const problem = codec.problem(use, given ? String(type) : undefined);
    return problem === undefined ? undefined : { parameter: given ? 2 : 0, reason: problem };
  };

export const unknownSchema = (name: string, { names }: Schemas): ConstantFault => unknownPart('schema', name, names);

/** Whether bytes can be decoded, or any other value encoded. What is not known yet is no answer. */
const fits = (codec: Codec, value: Value, type: string | undefined): boolean => {
  try {
    if (isText(value)) codec.decode(Buffer.from(value), type);
    else codec.encode(value, type);
    return true;
  } catch (error) {
    const answer = error instanceof Refusal || (MkbError.is(error) && error.kind === 'permanent');
    if (!answer) throw error;
    return false;
  }
};

export const schemaFunctions: readonly FunctionEntry[] = [
  define({
    name: 'schema_decode',
    parameters: [text('schema'), bytes('data'), optional(text('type'))],
    returns: 'any',
    description:
      'What bytes hold by a schema of the document; `type` is the message type of a Protobuf schema that has several. With JSON Schema, JSON that is as the schema says; with a registry, what the schema whose id the bytes begin with says.',
    examples: [
      ["schema_decode('point', hexstr2bin('0205'))", { x: 1, y: -3 }],
      ["schema_decode('person', hexstr2bin('0A034164611024'), 'Person')", { name: 'Ada', id: 36 }],
    ],
    check: checkCall('decode'),
    call: ([name, data, type], { schemas }) => codecOf(schemas, name).decode(data, type),
  }),
  define({
    name: 'schema_encode',
    parameters: [text('schema'), any('value'), optional(text('type'))],
    returns: 'bytes',
    description:
      'A map as bytes by a schema of the document, or an error if it does not fit; with a registry, after the id of the schema.',
    examples: [
      ["bin2hexstr(schema_encode('point', {x: 1, y: -3}))", '0205'],
      ["bin2hexstr(schema_encode('person', {name: 'Ada', id: 36}, 'Person'))", '0A034164611024'],
    ],
    check: checkCall('encode'),
    call: ([name, value, type], { schemas }) => codecOf(schemas, name).encode(value, type),
  }),
  define({
    name: 'schema_check',
    parameters: [text('schema'), any('data'), optional(text('type'))],
    returns: 'boolean',
    description: 'Whether bytes can be decoded by a schema of the document, or a map encoded.',
    examples: [
      ["schema_check('speed', '{\"speed\": 50}')", true],
      ["schema_check('speed', {speed: 'fast'})", false],
    ],
    check: checkCall('check'),
    call: ([name, value, type], { schemas }) => fits(codecOf(schemas, name), value, type),
  }),
];
