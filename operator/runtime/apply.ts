/**
 * Makes an object be as we want it, and writes nothing when it is.
 *
 * Server-side apply alone would do, but it is a write each time: of two hundred pipelines with ten objects each, looked at again and again.
 * So the object that was observed is looked at first, in two ways:
 *
 * - It carries the hash of what was applied last. Another hash: we want something else by now. Only this shows that we no longer want a
 *   field, which the next apply then removes.
 * - The fields that we set are compared with those that are there. A difference is drift: somebody has changed what is ours.
 *
 * The surprising case is a server that does not keep a value as it was given: a quantity in another spelling, an empty map that it drops, a
 * webhook that changes an image. That would look like drift for ever. So the answer of an apply is compared as well: what differs even there
 * is what the server makes of our fields, and from then on it counts as right. This is remembered in memory only; after a start such an
 * object is applied once more, which changes nothing.
 *
 * What another manager has set to a value that is not ours is taken back, and reported to the caller with the other's name: two controllers that
 * fight over a field are found by nothing else. https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
 */
import type { FieldConflict } from '../../api/errors/kubernetes.ts';
import { MkbError } from '../../api/errors.ts';
import { canonical, hashOf } from './canonical.ts';
import type { ApiClient, CallOptions } from './client.ts';
import { type Differences, differences, settledBy } from './field-diff.ts';
import type { ResourceKind } from './kinds.ts';
import { Learned } from './learned.ts';
import { type KubeObject, keyText } from './object.ts';

/** Where the hash of what was applied last stands. */
export const appliedHash = 'mqttkafka.dev/applied-hash';

export interface ApplyObjectOptions extends CallOptions {
  readonly fieldManager: string;
  /** The object as a store has it, undefined when there is none; asked for when left out. */
  readonly observed?: KubeObject | undefined;
  /** See `ApplyOptions`; for who has not observed one. */
  readonly onlyCreate?: boolean;
  /** What the store keeps of an object, if that is not all of it (`ReflectorOptions.transform`). */
  readonly transform?: (object: KubeObject) => KubeObject;
}

export interface Applied {
  /**
   * `unchanged`: it was right. `created`: there was none. `updated`: we want something else than before. `corrected`: somebody else had
   * changed it.
   */
  readonly outcome: 'unchanged' | 'created' | 'updated' | 'corrected';
  /** As it is now; as `observed` when nothing was sent. */
  readonly object: KubeObject;
  /** Of `corrected`: the fields, `.spec.replicas`. */
  readonly corrected: readonly string[];
  /** Fields that were another manager's, and are ours now. */
  readonly taken: readonly FieldConflict[];
}

/**
 * Applies `object` if the server does not have it so already.
 *
 * @param object what we want, all of it and nothing that is the server's: no status, uid or resourceVersion. A field that is null counts as
 *   left out. Write `data` of a Secret, not `stringData`, which cannot be compared.
 * @throws what `ApiClient.apply` throws, but for conflicts over fields
 */
export async function applyObject(
  client: ApiClient,
  kind: ResourceKind,
  object: KubeObject,
  options: ApplyObjectOptions,
): Promise<Applied> {
  const { transform = kept => kept, fieldManager, onlyCreate = false, signal } = options;
  const wanted = canonical(object);
  const hash = hashOf(wanted);
  const key = `${kind.apiVersion} ${kind.kind} ${keyText(object.metadata)}`;
  const compared = transform(wanted);
  const observed = 'observed' in options ? options.observed : await read(client, kind, object, options);
  const before = observed && unlearned(client, key, hash, differences(compared, observed));
  const sameHash = observed?.metadata.annotations?.[appliedHash] === hash;
  if (observed && sameHash && before?.size === 0) {
    return { outcome: 'unchanged', object: observed, corrected: [], taken: [] };
  }
  const sent = await send(client, kind, withHash(wanted, hash), { fieldManager, onlyCreate, signal });
  const after = differences(compared, transform(sent.object));
  learned.set(client, key, after.size > 0 ? { hash, made: after } : undefined);
  const corrected = before && sameHash ? settledBy(before, after) : [];
  return { outcome: outcomeOf(observed, sameHash, corrected), corrected, ...sent };
}

async function read(
  client: ApiClient,
  kind: ResourceKind,
  object: KubeObject,
  { transform = kept => kept, signal }: ApplyObjectOptions,
): Promise<KubeObject | undefined> {
  const found = await client.get(kind, object.metadata, { signal });
  return found && transform(found);
}

function outcomeOf(
  observed: KubeObject | undefined,
  sameHash: boolean,
  corrected: readonly string[],
): Applied['outcome'] {
  if (!observed) return 'created';
  if (!sameHash) return 'updated';
  return corrected.length > 0 ? 'corrected' : 'unchanged';
}

const withHash = (object: KubeObject, hash: string): KubeObject => {
  const annotations = { ...object.metadata.annotations, [appliedHash]: hash };
  return { ...object, metadata: { ...object.metadata, annotations } };
};

/** Asks first, so that conflicts are known, and then takes the fields. */
async function send(
  client: ApiClient,
  kind: ResourceKind,
  object: KubeObject,
  options: CallOptions & { readonly fieldManager: string; readonly onlyCreate: boolean },
): Promise<Pick<Applied, 'object' | 'taken'>> {
  try {
    return { object: await client.apply(kind, object, options), taken: [] };
  } catch (error) {
    const taken = MkbError.is(error, 'kube-conflict') ? (error.details.conflicts ?? []) : [];
    if (taken.length === 0) throw error;
    return { object: await client.apply(kind, object, { ...options, force: true }), taken };
  }
}

/** What a server makes of our fields, by object; of those only where it makes something else of them. */
const learned = new Learned<{ readonly hash: string; readonly made: Differences }>();

/** The differences that are not the server's own way of keeping what we apply. */
function unlearned(client: ApiClient, key: string, hash: string, found: Differences): Differences {
  const last = learned.of(client, key);
  if (last?.hash !== hash) return found;
  const drift = settledBy(found, last.made);
  return new Map(drift.map(path => [path, found.get(path)]));
}
