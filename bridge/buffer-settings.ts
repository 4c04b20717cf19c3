/** From `delivery.buffer` to what a buffer takes. */
import { join } from 'node:path';
import type { BridgeSpec, MqttKafkaBridge } from '../api/bridge.ts';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';
import { bytes, durationMs } from '../api/units.ts';
import { buffersMqtt } from '../rules/unsupported.ts';
import { parseKey } from './buffer/cipher.ts';
import type { BufferOptions, StoreOptions } from './buffer/options.ts';

/** Of what waits in memory for Kafka, behind a buffer of its own. */
const mostBehindBuffer = 64 * 2 ** 20;

/** What undelivered records may hold in memory, each direction. */
export function memoryBytes(spec: BridgeSpec): number {
  const most = bytes(spec.delivery.buffer.maxBytes);
  return buffersMqtt(spec) ? Math.min(most, mostBehindBuffer) : most;
}

/**
 * Undefined where messages need no buffer of their own: with `mode: memory` and no more asked of it, the session reads no further when the sinks are full.
 *
 * Throws `secret-unreadable` and `buffer-key-invalid`.
 */
export async function bufferOptions(
  document: MqttKafkaBridge,
  secrets: SecretSources,
  ordinal: number,
): Promise<BufferOptions | undefined> {
  const { spec } = document;
  if (!buffersMqtt(spec)) return undefined;
  const { maxBytes, whenFull = 'block', maxAge, drainRate } = spec.delivery.buffer;
  return {
    store: await storeOptions(document, secrets, ordinal),
    maxBytes: bytes(maxBytes),
    whenFull,
    maxAgeMs: maxAge === undefined ? undefined : durationMs(maxAge),
    drainRate,
  };
}

async function storeOptions(
  { metadata, spec }: MqttKafkaBridge,
  secrets: SecretSources,
  ordinal: number,
): Promise<StoreOptions | undefined> {
  const { mode, path, fsync = 'always', encryptionKey } = spec.delivery.buffer;
  if (mode !== 'disk') return undefined;
  const key = encryptionKey && parseKey((await resolveSecret(encryptionKey, secrets)).reveal());
  return { folder: join(path!, `${metadata.name}-${ordinal}`), fsync, key };
}
