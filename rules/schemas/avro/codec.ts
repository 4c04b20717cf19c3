import { type Codec, noTypeNamed } from '../codec.ts';
import { avroReader } from './read.ts';
import { parseAvro } from './schema.ts';
import { avroWriter } from './write.ts';

/** @param references as for `parseAvro`. Throws SchemaFault. */
export const avroCodec = (text: string, references: readonly string[] = []): Codec => {
  const type = parseAvro(text, references);
  return {
    kind: 'avro',
    problem: (_use, named) => noTypeNamed('an Avro schema', named),
    decode: avroReader(type),
    encode: avroWriter(type),
  };
};
