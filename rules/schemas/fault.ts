/** What is wrong with the text of a schema. Whoever knows the schema's name makes a `schema-invalid` of it. */
import { parseExactly } from '../exact-json.ts';
import type { Value } from '../value.ts';

export class SchemaFault extends Error {
  /** The place within the schema, as `fields[1].type`; empty for the whole. */
  readonly at: string;
  /** Where in the text, in UTF-16 code units, if that is known. */
  readonly offset: number | undefined;

  constructor(at: string, reason: string, { offset, cause }: { offset?: number | undefined; cause?: unknown } = {}) {
    super(reason, { cause });
    this.at = at;
    this.offset = offset;
  }
}

/** The JSON that a schema's text is. Throws SchemaFault. */
export const parseSchemaText = (text: string): Value => {
  try {
    return parseExactly(text);
  } catch (cause) {
    if (cause instanceof RangeError) throw new SchemaFault('', 'it is nested too deeply', { cause });
    const { message } = cause as Error;
    throw new SchemaFault('', `it is not JSON: ${message}`, { offset: jsonOffset(message, text), cause });
  }
};

/** V8 says the place in words only; where it does not, the text ended too early. */
const jsonOffset = (message: string, text: string): number => {
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? Math.max(0, text.trimEnd().length - 1) : Number(position);
};
