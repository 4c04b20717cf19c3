/**
 * Requests in and answers out, on the client library's own Reader and Writer.
 *
 * From a certain version on an API is "flexible" (KIP-482): strings and arrays carry shorter lengths, and each structure ends in
 * tagged fields. Both classes know whether their message is, so that a handler states each field once.
 */
import { Reader, Writer } from '@platformatic/kafka';

export class RequestReader extends Reader {
  readonly version: number;
  readonly flexible: boolean;

  /** @param body the request after its header */
  constructor(body: Buffer, version: number, flexible: boolean) {
    super(Reader.from(body).buffer);
    this.version = version;
    this.flexible = flexible;
  }

  text(): string {
    return this.readString(this.flexible);
  }

  textOrNull(): string | null {
    return this.readNullableString(this.flexible);
  }

  /** A view of the request's own bytes, not a copy. */
  bytes(): Buffer {
    return this.readBytes(this.flexible);
  }

  /** An array of structures. */
  list<T>(entry: () => T): T[] {
    return this.readArray(entry, this.flexible, this.flexible);
  }

  listOrNull<T>(entry: () => T): T[] | null {
    return this.readNullableArray(entry, this.flexible, this.flexible);
  }

  /** An array of plain values, which carry no tagged fields of their own. */
  values<T>(entry: () => T): T[] {
    return this.readArray(entry, this.flexible, false);
  }

  valuesOrNull<T>(entry: () => T): T[] | null {
    return this.readNullableArray(entry, this.flexible, false);
  }

  /** A field that exists from `version` on. */
  since<T>(version: number, read: () => T, otherwise: T): T {
    return this.version >= version ? read() : otherwise;
  }
}

export class AnswerWriter extends Writer {
  readonly version: number;
  readonly flexible: boolean;
  readonly #throttleMs: number;

  constructor(version: number, flexible: boolean, throttleMs = 0) {
    super(Writer.create().dynamicBuffer);
    this.version = version;
    this.flexible = flexible;
    this.#throttleMs = throttleMs;
  }

  text(value: string | null): this {
    return this.appendString(value, this.flexible);
  }

  bytes(value: Buffer | null): this {
    return this.appendBytes(value, this.flexible);
  }

  /** Several buffers as one field of bytes. */
  pieces(values: readonly Buffer[]): this {
    const length = values.reduce((sum, value) => sum + value.length, 0);
    if (this.flexible) this.appendUnsignedVarInt(length + 1);
    else this.appendInt32(length);
    for (const value of values) this.append(value);
    return this;
  }

  offset(value: number): this {
    return this.appendInt64(BigInt(value));
  }

  /** An array of structures. */
  list<T>(values: readonly T[] | null, entry: (value: T) => unknown): this {
    const write = (_: Writer, value: T): void => void entry(value);
    return this.appendArray(values as T[] | null, write, this.flexible, this.flexible);
  }

  /** An array of plain values, which carry no tagged fields of their own. */
  values<T>(values: readonly T[], entry: (value: T) => unknown): this {
    const write = (_: Writer, value: T): void => void entry(value);
    return this.appendArray(values as T[], write, this.flexible, false);
  }

  /** A field that exists from `version` on. */
  since(version: number, write: () => unknown): this {
    if (this.version >= version) write();
    return this;
  }

  /** The answer's `throttle_time_ms`: 0, or what a scripted fault asks for. */
  throttle(): this {
    return this.appendInt32(this.#throttleMs);
  }

  /** Ends a structure that is not an entry of a list. */
  end(): this {
    return this.flexible ? this.appendTaggedFields() : this;
  }
}
