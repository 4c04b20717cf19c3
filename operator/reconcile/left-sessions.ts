/** Sessions that older documents left behind, as the status of a bridge shows them: where they are, and how far their drains have come. */
import type { ObservedPod } from '../observed/observed-objects.ts';
import { leftDrainName } from '../resources/names.ts';
import type { LeftSessions } from '../resources/pipeline.ts';
import type { KubeObject } from '../runtime/object.ts';
import { type Drain, drainOf } from './sessions.ts';

export interface LeftFound {
  /** Its addresses, or `mosquitto cars` for one that the operator runs. */
  readonly broker: string;
  readonly clientId: string;
  readonly share: string | undefined;
  /** How many are not drained yet. */
  readonly sessions: number;
  readonly drains: readonly Drain[];
}

export const leftFound = (
  left: readonly LeftSessions[],
  objects: readonly KubeObject[],
  pods: readonly ObservedPod[],
): LeftFound[] =>
  left.flatMap(({ kit, note }) => {
    const { broker, clientId, share } = note.identity!;
    const names = new Set(note.left!.map(ordinal => leftDrainName(kit, ordinal)));
    const jobs = objects.filter(({ kind, metadata }) => kind === 'Job' && names.has(metadata.name));
    const drains = jobs.map(job => drainOf(job, pods));
    const sessions = note.left!.length - drains.filter(({ state }) => state === 'succeeded').length;
    return sessions === 0 ? [] : [{ broker: broker.join(', '), clientId, share, sessions, drains }];
  });
