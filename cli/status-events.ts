/** The last events about a bridge, as `kubectl describe` finds them. */
import { MkbError } from '../api/errors.ts';
import type { ApiClient } from '../operator/runtime/client.ts';
import type { ResourceKind } from '../operator/runtime/kinds.ts';
import type { KubeObject } from '../operator/runtime/object.ts';

export interface BridgeEvent {
  /** When it last happened (RFC 3339). */
  readonly time: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** How often it has happened. */
  readonly count: number;
}

/** The older of the two kinds of the same thing, which Kubernetes' own role view may read, and the newer one it may not. */
const eventKind: ResourceKind = { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/, in the fields of v1. */
interface CoreEvent extends KubeObject {
  readonly eventTime?: string | null;
  readonly lastTimestamp?: string | null;
  readonly series?: { readonly count: number; readonly lastObservedTime: string } | null;
  readonly count?: number;
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
}

const shown = 8;

/** Newest first, and no more than eight. Undefined if they cannot be read: the rest of a status is worth seeing without them. */
export const eventsAbout = async (
  client: ApiClient,
  { metadata }: KubeObject,
): Promise<readonly BridgeEvent[] | undefined> => {
  const { namespace, uid } = metadata;
  try {
    const { items } = await client.list(eventKind, { namespace, fieldSelector: `involvedObject.uid=${uid}` });
    return items
      .map(eventOf)
      .sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
      .slice(0, shown);
  } catch (error) {
    if (MkbError.is(error)) return undefined;
    throw error;
  }
};

const eventOf = (object: KubeObject): BridgeEvent => {
  const { metadata, series, lastTimestamp, eventTime, count, type, reason, message } = object as CoreEvent;
  return {
    time: series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp!,
    type: type ?? 'Normal',
    reason: reason ?? '',
    message: message ?? '',
    count: series?.count ?? count ?? 1,
  };
};
