/**
 * The status of an object that we watch over: what we found, for people and for other programs. It is written by server-side apply on the
 * status subresource, with all of it each time, and only when it says something new: each write wakes everybody who watches the object, us too.
 *
 * A status may hold more than what we write: defaults of its schema, fields of somebody else. So what the server answers is remembered, and
 * what is observed to be that says nothing new either.
 */
import { MkbError } from '../../api/errors.ts';
import { canonical, hashOf } from './canonical.ts';
import type { ApiClient, CallOptions } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import { Learned } from './learned.ts';
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
 * @param object as it was observed: its status is compared, and its uid and resourceVersion make sure that the status is not written to another
 *   object of its name
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
  const { uid } = object.metadata;
  const hash = hashOf(status);
  const observed = hashOf(object.status ?? {});
  const last = learned.of(client, uid!);
  if (observed === hash || (last?.hash === hash && last.made === observed)) return false;
  const answer = await applyStatus(client, kind, object, status, options);
  const made = hashOf(answer.status ?? {});
  learned.set(client, uid!, made === hash ? undefined : { hash, made });
  return true;
}

/**
 * Of an apply to a status the server heeds the resource version, but not the uid. So the version is named, and where the object has another by
 * now, it is looked at whether it is still the same object.
 */
async function applyStatus(
  client: ApiClient,
  kind: ResourceKind,
  { metadata }: KubeObject,
  status: object,
  options: CallOptions & { readonly fieldManager: string },
): Promise<KubeObject> {
  const { name, namespace, uid } = metadata;
  const apply = (resourceVersion: string | undefined) => {
    const { apiVersion, kind: kindName } = kind;
    const identity = { name, namespace, uid, resourceVersion };
    const written = { apiVersion, kind: kindName, metadata: identity, status: canonical(status) };
    return client.apply(kind, written, { ...options, force: true, subresource: 'status' });
  };
  try {
    return await apply(metadata.resourceVersion);
  } catch (error) {
    if (!MkbError.is(error, 'kube-conflict')) throw error;
    // Who watches a kind may list it, and has perhaps no right to get.
    const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal: options.signal };
    const [now] = (await client.list(kind, selection)).items;
    if (now?.metadata.uid !== uid) throw error;
    return apply(now?.metadata.resourceVersion);
  }
}

/** The hashes of a status as we wrote it and as the server has it, by the uid of the object; where the two are not the same. */
const learned = new Learned<{ readonly hash: string; readonly made: string }>();
