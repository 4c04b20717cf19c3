/**
 * What the API server is told of a document before it stores it. The checks are those of reconciling, so nothing is refused here that would run,
 * and what is refused has its place in the SQL. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
import { checkResource } from '../reconcile/document.ts';
import { sameMeaning } from '../runtime/canonical.ts';
import type { KubeObject } from '../runtime/object.ts';

/** AdmissionReview, as far as we read it. [admission.k8s.io/v1] */
export interface AdmissionRequest {
  readonly uid: string;
  readonly object?: KubeObject | null;
  /** What is stored now; null when it is made again. */
  readonly oldObject?: KubeObject | null;
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  /** `kubectl apply` prints them. */
  readonly warnings?: readonly string[];
}

/** The longest a warning may be before the API server may cut it, characters. */
const warningLength = 256;

/** @param replicas how many there are where the document does not say */
export function review({ uid, object, oldObject }: AdmissionRequest, replicas: number): AdmissionResponse {
  // Labels, finalizers and the end of a resource are not our affair: whoever is stuck with a wrong document must get rid of it.
  if (!object || object.metadata.deletionTimestamp || (oldObject && sameMeaning(object.spec, oldObject.spec))) {
    return { uid, allowed: true };
  }
  const checked = checkResource(object, replicas);
  if (checked.document === undefined) {
    const message = checked.problems.map(problem => problem.message).join('\n');
    return { uid, allowed: false, status: { code: 422, reason: 'Invalid', message } };
  }
  const warnings = checked.warnings.map(warning => warning.slice(0, warningLength));
  return { uid, allowed: true, ...(warnings.length > 0 && { warnings }) };
}
