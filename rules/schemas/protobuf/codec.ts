import { nearest } from '../../../api/nearest.ts';
import { decodeMessage, encodeMessage } from '../../formats/protobuf.ts';
import { Refusal } from '../../refusal.ts';
import type { Codec } from '../codec.ts';
import { type ProtoFile, type ProtoTypes, parseProto } from './schema.ts';

export interface ProtobufCodec extends Codec {
  readonly types: ProtoTypes;
}

/** @param files what the text may import. Throws SchemaFault. */
export const protobufCodec = (text: string, files: readonly ProtoFile[] = []): ProtobufCodec => {
  const types = parseProto(text, files);
  const outer = types.names.filter(name => !name.includes('.'));
  const only = outer.length === 1 ? outer[0] : undefined;
  const typeOf = (name = only) => {
    const type = name === undefined ? undefined : types.find(name);
    if (type === undefined) throw new Refusal(problemOf(types, name));
    return type;
  };
  return {
    kind: 'protobuf',
    types,
    problem: (_use, name = only) =>
      name !== undefined && types.find(name) !== undefined ? undefined : problemOf(types, name),
    decode: (bytes, name) => decodeMessage(typeOf(name), bytes),
    encode: (value, name) => encodeMessage(typeOf(name), value),
  };
};

const problemOf = ({ names }: ProtoTypes, name: string | undefined): string => {
  if (name === undefined) return `needs the type of message, as the schema has several: ${names.join(', ')}`;
  const near = nearest(name, names);
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  return `finds no message ${name} in the schema (${hint})`;
};
