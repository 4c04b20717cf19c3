/** What the error codes of a group's coordinator mean. */
import { MkbError } from '../../../api/errors.ts';
import { errorName, isAuthorisation } from '../cluster.ts';

/** The group is being made up anew: join again. */
export const rebalanceInProgress = 27;

/** ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID: we are not, or no longer, a member. */
export const memberUnknown: ReadonlySet<number> = new Set([22, 25, 82]);

/** COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR: ask who it is again. */
export const isMoved = (code: number): boolean => code === 14 || code === 15 || code === 16;

/** INCONSISTENT_GROUP_PROTOCOL, INVALID_GROUP_ID, INVALID_SESSION_TIMEOUT: no waiting mends them. */
const refusals: ReadonlySet<number> = new Set([23, 24, 26]);

/** @param what as in "Kafka could not ..." */
export function groupError(code: number, group: string, what: string): MkbError {
  const reason = errorName(code);
  if (isAuthorisation(code)) return new MkbError('kafka-not-authorised', { what: `${what} ${group}`, reason });
  if (refusals.has(code)) return new MkbError('kafka-group-refused', { group, reason });
  return new MkbError('kafka-request-failed', { what: `${what} of ${group}`, reason });
}
