/**
 * What the API server says when it says no: an object of kind Status, in an answer or in the midst of a watch. The code decides what
 * it means to us, and the machine-readable reason where a code has two meanings; never the text.
 */
import type { FieldConflict } from '../../api/errors/kubernetes.ts';
import { MkbError } from '../../api/errors.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
interface KubeStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
  readonly causes: readonly StatusCause[];
}

interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/**
 * The error that a refusal stands for.
 *
 * @param action for the message: what was asked, `apply StatefulSet shop/bridge`
 * @param statusCode of HTTP; undefined for what comes in the midst of a watch, and says so itself
 * @param answer a Status, or whatever else came in its place: proxies before the server speak a language of their own
 * @param retryAfterSeconds of the header, for answers that are no Status
 */
export function statusError(
  action: string,
  statusCode: number | undefined,
  answer: unknown,
  retryAfterSeconds?: number,
): MkbError {
  const status = statusIn(answer);
  const code = statusCode ?? status.code ?? 500;
  const reason = sentence(status.message) ?? `HTTP ${code}`;
  const refusal = { action, reason };
  if (hasCause(status, 'ResourceVersionTooLarge')) return new MkbError('kube-gone', refusal);
  switch (code) {
    case 401:
      return new MkbError('kube-unauthorized', refusal);
    case 403:
      if (hasCause(status, 'NamespaceTerminating')) return new MkbError('kube-namespace-ending', refusal);
      return new MkbError('kube-forbidden', refusal);
    case 404:
      return new MkbError('kube-not-found', refusal);
    case 409:
      if (status.reason === 'AlreadyExists') return new MkbError('kube-already-exists', refusal);
      return new MkbError('kube-conflict', { ...refusal, conflicts: fieldConflicts(status) });
    case 410:
      return new MkbError('kube-gone', refusal);
    case 429:
    case 503:
      return new MkbError('kube-overloaded', {
        ...refusal,
        retryAfterSeconds: status.retryAfterSeconds ?? retryAfterSeconds,
      });
    default:
      if (code >= 400 && code < 500) return new MkbError('kube-invalid', refusal);
      return new MkbError('kube-failed', { ...refusal, status: code });
  }
}

const longestRetryAfterMs = 300_000;

/** How long a server that has no time asks to be left alone; no longer than 5 minutes, whatever it asks. 0 for any other error. */
export const retryAfterMs = (error: unknown): number =>
  MkbError.is(error, 'kube-overloaded')
    ? Math.min((error.details.retryAfterSeconds ?? 0) * 1000, longestRetryAfterMs)
    : 0;

function statusIn(answer: unknown): KubeStatus {
  const { code, reason, message, details } = fieldsOf(answer);
  const { retryAfterSeconds, causes } = fieldsOf(details);
  return {
    code: numberOf(code),
    reason: textOf(reason),
    message: textOf(message),
    retryAfterSeconds: numberOf(retryAfterSeconds),
    causes: (Array.isArray(causes) ? causes : []).map(fieldsOf).map(cause => ({
      reason: textOf(cause.reason),
      message: textOf(cause.message),
      field: textOf(cause.field),
    })),
  };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/**
 * A cause says more than the code: a resource version that the server has not reached (its etcd was restored from a backup, or we spoke to a
 * replica that is ahead), a namespace that is being deleted.
 */
const hasCause = (status: KubeStatus, reason: string): boolean => status.causes.some(cause => cause.reason === reason);

/** The other manager's name is only to be had from the text (`conflict with "kubectl-edit" using apps/v1`); nothing is decided by it. */
function fieldConflicts(status: KubeStatus): FieldConflict[] {
  return status.causes
    .filter(cause => cause.reason === 'FieldManagerConflict')
    .map(cause => ({ manager: /"([^"]*)"/.exec(cause.message ?? '')?.[1] ?? '', field: cause.field ?? '' }));
}

const sentence = (message: string | undefined): string | undefined => message?.trim().replace(/\.$/, '') || undefined;
