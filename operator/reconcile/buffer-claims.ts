/** Which replicas of a bridge have a volume with a buffer: a drain of one that has none must not wait for it. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { bufferVolume } from '../resources/buffer-volume.ts';
import { selectorLabels } from '../resources/labels.ts';
import { bridgeName } from '../resources/names.ts';
import type { LeftSessions } from '../resources/pipeline.ts';
import type { ApiClient } from '../runtime/client.ts';
import { claimsOf } from './volumes.ts';

export interface BufferUse {
  readonly left: readonly LeftSessions[];
  /** Whether replicas of the document as it is are drained. */
  readonly drained: boolean;
}

/** The names of the claims; they are asked for only where a drain may need one. */
export async function bufferClaims(
  client: Pick<ApiClient, 'list'>,
  document: MqttKafkaBridge,
  { left, drained }: BufferUse,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const needed =
    (drained && bufferVolume(document) !== undefined) || left.some(({ note }) => note.volume !== undefined);
  if (!needed) return new Set();
  const { name, namespace } = document.metadata;
  const metadata = { name: bridgeName(name), ...(namespace !== undefined && { namespace }) };
  const claims = await claimsOf(client, metadata, selectorLabels(name, 'bridge'), signal);
  return new Set(claims.filter(claim => !claim.metadata.deletionTimestamp).map(claim => claim.metadata.name));
}
