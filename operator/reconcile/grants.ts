/**
 * Whether the owner of an object lets bridges of another namespace use it.
 *
 * The operator may read every namespace, and whoever writes a document only their own. So what a document names in another namespace is used only
 * if that object itself says so, in an annotation that lists namespaces; the idea of Gateway API's ReferenceGrant without a kind of its own. An object
 * that does not exist gives the same answer as one that is not shared, or documents could ask what other namespaces hold.
 */
import { MkbError } from '../../api/errors.ts';
import { annotations } from '../resources/labels.ts';
import type { ApiClient, CallOptions } from '../runtime/client.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import { type KubeObject, keyText, type ObjectKey } from '../runtime/object.ts';

/** What a field of a document refers to. */
export interface CrossReference {
  /** `spec.kafka.clusterRef`. */
  readonly field: string;
  readonly kind: ResourceKind;
  readonly key: Required<ObjectKey>;
  /** The namespace of the document. */
  readonly from: string;
}

/** Whether the object names `namespace` in this annotation: a list with commas, without wildcards. */
export const isGranted = ({ metadata }: KubeObject, annotation: string, namespace: string): boolean =>
  (metadata.annotations?.[annotation] ?? '').split(',').some(name => name.trim() === namespace);

/**
 * The object that is referred to; undefined when there is none in the document's own namespace.
 * @throws reference-not-allowed, which is retried: the owner may allow it at any time; what the client throws
 */
export async function readReference(
  client: Pick<ApiClient, 'get'>,
  { field, kind, key, from }: CrossReference,
  options: CallOptions,
): Promise<KubeObject | undefined> {
  const object = await client.get(kind, key, options);
  if (key.namespace === from || (object && isGranted(object, annotations.allowFrom, from))) return object;
  throw new MkbError('reference-not-allowed', { field, object: `${kind.kind} ${keyText(key)}`, from });
}
