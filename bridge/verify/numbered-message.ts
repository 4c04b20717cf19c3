/** Payloads that say which message they are, and can be told from damaged ones. */
import { crc32 } from 'node:zlib';

export interface NumberedMessage {
  readonly client: string;
  /** From 0, one by one, for each client. */
  readonly number: number;
}

/**
 * A JSON payload with a checksum over all that comes before it.
 *
 * @param bytes about how long it is; at least 60 or so
 */
export function numberedPayload({ client, number }: NumberedMessage, bytes: number): string {
  const start = `{"client":"${client}","number":${number},"filler":"`;
  const filler = crc32(start).toString(16).padStart(8, '0');
  const missing = Math.max(0, bytes - start.length - '","crc32":1234567890}'.length);
  const body = `${start}${filler.repeat(Math.ceil(missing / filler.length)).slice(0, missing)}"`;
  return `${body},"crc32":${crc32(body)}}`;
}

/** Reads a payload back; undefined when it is not exactly what was published. */
export function readNumbered(payload: Buffer): NumberedMessage | undefined {
  const end = payload.lastIndexOf(',"crc32":');
  if (end < 0) return undefined;
  const body = payload.subarray(0, end);
  if (payload.subarray(end).toString() !== `,"crc32":${crc32(body)}}`) return undefined;
  const { client, number } = JSON.parse(payload.toString()) as NumberedMessage;
  return { client, number };
}
