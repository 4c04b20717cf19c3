/** A kind of object and where the API serves it. Nothing is looked up: who writes a controller knows its kinds. */
import { MkbError } from '../../api/errors.ts';

export interface ResourceKind {
  /** `v1`, or group and version: `apps/v1`. */
  readonly apiVersion: string;
  /** `StatefulSet`. */
  readonly kind: string;
  /** As it stands in the path: `statefulsets`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/**
 * The path of a collection, or of one object with `name`, or of a part of it with `subresource` (`status`, `scale`). Without a namespace, a
 * namespaced kind's collection is that of all namespaces.
 */
export function pathOf(kind: ResourceKind, namespace?: string, name?: string, subresource?: string): string {
  const parts = [groupPath(kind.apiVersion)];
  if (kind.namespaced && namespace) parts.push('namespaces', segment(kind, namespace));
  parts.push(kind.plural);
  if (name) parts.push(segment(kind, name));
  if (subresource) parts.push(subresource);
  return parts.join('/');
}

/**
 * A name comes from a document that anyone may have written, and must not lead to another place: URLs take `.` and `..` as steps, encoded or not.
 * Neither can be the name of an object [Kubernetes: IsValidPathSegmentName].
 */
function segment({ kind }: ResourceKind, name: string): string {
  if (!/^\.\.?$|[/%]/.test(name)) return encodeURIComponent(name);
  throw new MkbError('kube-invalid', { action: `address ${kind}`, reason: `${JSON.stringify(name)} is not a name` });
}

/** Where a group version lives. The core group came before groups did, and has a place of its own. */
export const groupPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
