/** What a schema can do, whatever its language. `schema_decode` and its like call nothing else. */
import type { Value } from '../value.ts';

export type SchemaKind = 'json' | 'avro' | 'protobuf';

export interface Codec {
  readonly kind: SchemaKind | 'registry';
  /**
   * Why `schema_decode`, `schema_encode` or `schema_check` cannot be called so, whatever the message; undefined if it can.
   *
   * @param type the type of message within the schema, for Protobuf; undefined where the call names none
   */
  problem(use: 'decode' | 'encode' | 'check', type: string | undefined): string | undefined;
  /** Throws Refusal for bytes that are not of the schema, `schema-pending` when the schema itself is not known yet. */
  decode(bytes: Buffer, type?: string): Value;
  /** Throws as `decode`, for a value that does not fit. */
  encode(value: Value, type?: string): Buffer;
}

/** A schema of one type takes no name of one. */
export const noTypeNamed = (kind: string, type: string | undefined): string | undefined =>
  type === undefined ? undefined : `takes no message type with ${kind}, which has one only`;
