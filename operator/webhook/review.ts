/**
 * The answer that the API server gets about a document before it stores it. The checks are those of reconciling, so nothing is refused here that would run,
 * and what is refused has its place in the SQL. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
import type { DocumentProblem, Verdict } from '../reconcile/document.ts';
import type { KubeObject } from '../runtime/object.ts';
import { loweredPartitions } from './lowered-partitions.ts';

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

/** A change may come without it, of an object that has one. */
const withUid = (object: KubeObject, oldObject: KubeObject | null | undefined): KubeObject =>
  object.metadata.uid === undefined && oldObject?.metadata.uid !== undefined
    ? { ...object, metadata: { ...object.metadata, uid: oldObject.metadata.uid } }
    : object;

/** The longest a warning may be before the API server may cut it, characters. */
const warningLength = 256;
/** As many as fit into the 4 KiB that it takes of all. */
const mostWarnings = 15;

/**
 * @param check see `CheckThread`; a document that it cannot check in time is allowed, since its status will say what is wrong with it
 * @param refused what of a document that is right the bridge cannot become without a loss
 */
export async function review(
  { uid, object, oldObject }: AdmissionRequest,
  check: (resource: KubeObject) => Promise<Verdict>,
  refused: (resource: KubeObject) => readonly DocumentProblem[] = () => [],
): Promise<AdmissionResponse> {
  // Labels, finalizers and the end of a resource are not our affair: whoever is stuck with a wrong document must get rid of it. The
  // generation is counted before a webhook is asked.
  const same = oldObject && object?.metadata.generation === oldObject.metadata.generation;
  if (!object || object.metadata.deletionTimestamp || same) return { uid, allowed: true };
  const { problems, warnings } = await check(object);
  const wrong = problems.filter(({ code }) => code !== 'document-unchecked');
  const errors =
    problems.length > 0 ? wrong : [...refused(withUid(object, oldObject)), ...loweredPartitions(object, oldObject)];
  if (errors.length > 0) {
    const message = errors.map(problem => problem.message).join('\n');
    return { uid, allowed: false, status: { code: 422, reason: 'Invalid', message } };
  }
  const all = [...problems.map(({ message }) => message), ...warnings].slice(0, mostWarnings);
  return { uid, allowed: true, ...(all.length > 0 && { warnings: all.map(text => text.slice(0, warningLength)) }) };
}
