/** The schemas that examples of functions use: the reference shows them, and tests run with them. */
import type { SchemaSection } from '../../api/schema/schemas.ts';
import { avroCodec } from '../schemas/avro/codec.ts';
import { schemasOf } from '../schemas/schemas.ts';

export const exampleSchemaDocuments: readonly SchemaSection[] = [
  {
    name: 'point',
    avro: '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "int"}]}',
  },
  { name: 'person', protobuf: 'syntax = "proto3"; message Person { string name = 1; int32 id = 2; }' },
  { name: 'speed', json: '{"type": "object", "properties": {"speed": {"type": "number"}}, "required": ["speed"]}' },
  {
    name: 'points',
    registry: { url: 'https://registry.example:8081', subject: 'points-value', requestTimeout: '10s' },
  },
];

export const exampleSchemas = schemasOf(exampleSchemaDocuments);

// What the registry of the examples has.
const points = exampleSchemas.registries[0]!;
points.learn(1, { kind: 'avro', codec: avroCodec(exampleSchemaDocuments[0]!.avro!) });
points.writeWith(1);
points.register({ schema: 'point', subject: 'points-value' }, 1);
