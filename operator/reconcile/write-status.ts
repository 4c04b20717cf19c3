import type { BridgeStatus } from '../../api/schema/status.ts';
import { kinds } from '../kinds.ts';
import { operatorName } from '../observed/observed-objects.ts';
import type { KubeObject } from '../runtime/object.ts';
import { writeStatus } from '../runtime/status.ts';
import type { Context } from './context.ts';
import { conditionEvents } from './events.ts';
import { statusOf } from './report.ts';

/** Writes the status of a bridge if it says something new, and writes events about it. */
export async function tellStatus(
  { cluster, events }: Context,
  resource: KubeObject,
  status: BridgeStatus,
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldManager: operatorName, signal };
  if (!(await writeStatus(cluster.client, kinds.bridge, resource, status, options))) return;
  const before = statusOf(resource).conditions ?? [];
  for (const event of conditionEvents(before, status.conditions ?? [])) events.record(resource, event);
}
