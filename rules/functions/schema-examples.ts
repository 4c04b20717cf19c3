/** The schemas that examples of functions use: the reference shows them, and tests run with them. */
import type { SchemaSection } from '../../api/schema/schemas.ts';
import { schemasOf } from '../schemas/schemas.ts';

export const exampleSchemaDocuments: readonly SchemaSection[] = [
  {
    name: 'point',
    avro: '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "int"}]}',
  },
  { name: 'person', protobuf: 'syntax = "proto3"; message Person { string name = 1; int32 id = 2; }' },
  { name: 'speed', json: '{"type": "object", "properties": {"speed": {"type": "number"}}, "required": ["speed"]}' },
];

export const exampleSchemas = schemasOf(exampleSchemaDocuments);
