/**
 * Volumes that grow. A StatefulSet makes the claims of its Pods once, and its template of them cannot change. So, when the document asks for a
 * larger one: first every claim that there is, also of a replica that was scaled away; then the StatefulSet is replaced, without its Pods, by one
 * that makes larger claims from then on. Pods go on meanwhile; drivers that cannot grow a file system in use do so when the Pod is next started.
 *
 * It begins again where it was left off: the StatefulSet has its old size until every claim has grown.
 */
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import { dataVolume } from '../resources/volume-claims.ts';
import type { ApiClient, ListPage } from '../runtime/client.ts';
import type { KubeObject } from '../runtime/object.ts';
import { isMore } from '../runtime/quantity.ts';

interface Claim {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
  readonly status?: { readonly phase?: string };
}

const sizeOf = ({ spec }: Claim): string | undefined => spec?.resources?.requests?.storage;

function templateSize({ spec }: KubeObject): string | undefined {
  const { volumeClaimTemplates = [] } = (spec ?? {}) as { volumeClaimTemplates?: readonly Claim[] };
  const found = volumeClaimTemplates.find(({ metadata }) => metadata.name === dataVolume);
  return found && sizeOf(found);
}

/**
 * Whether only one of them makes volumes: the bridge has got a buffer on disk, or has it no more. Pods with and without a volume cannot be one StatefulSet's: its controller would try to change
 * those that there are, which the API server refuses, and roll none. So they end, and others are made.
 */
export const changesVolumes = (wanted: KubeObject, before: KubeObject): boolean =>
  (templateSize(wanted) === undefined) !== (templateSize(before) === undefined);

/** Whether the StatefulSet that is there makes smaller volumes than the one that is wanted. */
export const mustGrow = (wanted: KubeObject, before: KubeObject): boolean =>
  isMore(templateSize(wanted), templateSize(before));

/**
 * Grows the claims of a StatefulSet to the size of the one that is wanted.
 *
 * @throws volume-not-grown for the first claim that cannot grow; the others have
 */
export async function growVolumes(client: ApiClient, wanted: KubeObject, signal: AbortSignal): Promise<void> {
  const size = templateSize(wanted)!;
  const { selector } = wanted.spec as { selector: { matchLabels: Readonly<Record<string, string>> } };
  const own = await claimsOf(client, wanted.metadata, selector.matchLabels, signal);
  const ended = await Promise.allSettled(
    own.filter(claim => isMore(size, sizeOf(claim))).map(claim => grow(client, claim, size, signal)),
  );
  const failed = ended.find(each => each.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The claims that a StatefulSet has made, also of replicas that were scaled away. */
export async function claimsOf(
  client: Pick<ApiClient, 'list'>,
  { namespace, name }: KubeObject['metadata'],
  matchLabels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<(KubeObject & Claim)[]> {
  const labelSelector = Object.entries(matchLabels)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
  const own: (KubeObject & Claim)[] = [];
  // Anyone may put our labels on claims, which are three MiB at most: page by page, whatever there is.
  for (let next: string | undefined = ''; next !== undefined; ) {
    const selection = {
      namespace: namespace!,
      labelSelector,
      limit: 20,
      ...(next !== '' && { continue: next }),
      signal,
    };
    const page: ListPage = await client.list(kinds.persistentVolumeClaim, selection);
    for (const claim of page.items as (KubeObject & Claim)[]) if (isOf(name, claim.metadata.name)) own.push(claim);
    next = page.continue;
  }
  return own;
}

/** Claims have the name of their Pod, which ends with its number. */
const isOf = (statefulSet: string, claim: string): boolean =>
  claim.startsWith(`${dataVolume}-${statefulSet}-`) &&
  /^\d+$/.test(claim.slice(`${dataVolume}-${statefulSet}-`.length));

async function grow(client: ApiClient, claim: KubeObject & Claim, size: string, signal: AbortSignal): Promise<void> {
  const { name } = claim.metadata;
  if (claim.status?.phase !== 'Bound') {
    throw new MkbError('volume-not-grown', { claim: name, reason: 'it has no volume yet' });
  }
  try {
    const path = '/spec/resources/requests/storage';
    await client.patch(kinds.persistentVolumeClaim, claim.metadata, [{ op: 'replace', path, value: size }], { signal });
  } catch (error) {
    // What the class does not allow is a refusal of an admission plugin, and so is a quota that is used up.
    if (!MkbError.is(error, 'kube-forbidden') && !MkbError.is(error, 'kube-invalid')) throw error;
    throw new MkbError('volume-not-grown', { claim: name, reason: error.message.replace(/\.$/, '') }, { cause: error });
  }
}
