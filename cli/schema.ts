/** What `mkb schema` prints; editors complete fields, and functions of rules, from it. */
import type { kind } from '../api/bridge.ts';
import { userJsonSchema } from '../api/json-schema.ts';
import { userKind } from '../api/mqtt-user.ts';
import { editorSchema } from '../rules/editor-schema.ts';

export type SchemaKind = typeof kind | typeof userKind;

export const printSchema = (wanted: SchemaKind): void => {
  const schema = wanted === userKind ? userJsonSchema() : editorSchema();
  process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
};
