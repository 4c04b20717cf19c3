/**
 * The status of an object that we watch over: what we found, for people and for other programs. It is written by server-side apply on the
 * status subresource, with all of it each time, and only when it says something new: each write wakes everybody who watches the object, us too.
 */
import { canonical, sameMeaning } from './canonical.ts';
import type { ApiClient, CallOptions } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import type { KubeObject } from './object.ts';

/** https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/#condition-v1-meta */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word in CamelCase, for programs. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** The generation of the spec that this is about. */
  readonly observedGeneration?: number;
  /** RFC 3339: since when `status` is what it is. */
  readonly lastTransitionTime: string;
}

/**
 * The same conditions with this one in the place of that of its type, or at the end. The time is kept for as long as `status` is the same,
 * whatever becomes of reason and message.
 */
export function setCondition(
  conditions: readonly Condition[],
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): Condition[] {
  const old = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : seconds(now);
  const next = { ...condition, lastTransitionTime };
  return old ? conditions.map(other => (other === old ? next : other)) : [...conditions, next];
}

/** Times of conditions have no fractions; the server would cut them off. */
const seconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * Writes the status unless `object` has it already.
 *
 * @param object as it was observed: its status is compared, and its uid makes sure that the status is not written to another of its name
 * @param status all of it: a field that is left out is removed
 * @returns whether it was written
 * @throws kube-not-found when the object is gone, kube-conflict when there is another in its place
 */
export async function writeStatus(
  client: ApiClient,
  kind: ResourceKind,
  object: KubeObject,
  status: object,
  options: CallOptions & { readonly fieldManager: string },
): Promise<boolean> {
  if (sameMeaning(object.status ?? {}, status)) return false;
  const { name, namespace, uid } = object.metadata;
  const { apiVersion, kind: kindName } = kind;
  const written = { apiVersion, kind: kindName, metadata: { name, namespace, uid }, status: canonical(status) };
  await client.apply(kind, written, { ...options, force: true, subresource: 'status' });
  return true;
}
