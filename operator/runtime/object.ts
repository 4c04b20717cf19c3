/** What every object of the Kubernetes API has, whatever its kind. The rest of an object is its own affair, and unknown here. */

/** Who an object belongs to: with the last of its owners gone, the garbage collector removes it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** The one owner that manages it. */
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Which fields a writer owns, as server-side apply keeps it. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  /** Left out for kinds that live outside of namespaces. */
  readonly namespace?: string;
  /** Tells this object from another that had its name before. */
  readonly uid?: string;
  /** Opaque: compare for equality only. */
  readonly resourceVersion?: string;
  /** Counts changes of the spec. */
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  /** RFC 3339; there as soon as the object is being deleted. */
  readonly deletionTimestamp?: string;
  readonly creationTimestamp?: string;
  readonly managedFields?: readonly ManagedFields[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

/** `namespace/name`, or `name` for an object outside of namespaces. */
export const keyOf = ({ metadata }: { readonly metadata: ObjectKey }): string => keyText(metadata);

/** The same of a key that is not an object yet. */
export const keyText = ({ namespace, name }: ObjectKey): string => (namespace ? `${namespace}/${name}` : name);

/** Back from the text to the parts. */
export function keyParts(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
