/** A number by which a document is known to the bridge that runs it, and to the operator that wants it to run. */
import { createHash } from 'node:crypto';
import type { MqttKafkaBridge } from '../bridge.ts';
import { minimalDocument } from '../minimal.ts';
import { redact } from '../secrets.ts';

/**
 * 48 bits, which a metric holds exactly. What a cluster adds to an object (its version, its status) is no part of it, nor are secrets. Defaults are
 * none either: bridges of two versions, of which one has more fields, give one document the same number.
 *
 * @param document complete
 */
export function documentHash(document: MqttKafkaBridge): number {
  const { spec } = minimalDocument(redact(document)) as { readonly spec: unknown };
  const text = JSON.stringify([document.metadata.name, sorted(spec)]);
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}

/** In what order somebody has written fields means nothing. */
const sorted = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ),
  );
