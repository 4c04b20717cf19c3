/** What the error codes of a group's coordinator mean. */
import { MkbError } from '../../../api/errors.ts';
import { errorName, reactionTo, refuses } from '../../../network/kafka/error-codes.ts';
import { isDenied } from '../topic-error.ts';

/** The group is being made up again: join. */
export const rebalanceInProgress = 27;

/** Another process has our instance id. */
export const fencedInstance = 82;

/** We are not, or no longer, a member. */
export const isMemberUnknown = (code: number): boolean => reactionTo(code) === 'rejoin';

/** Another broker may be the coordinator by now, or this connection is of no use: find it again, over a fresh connection. */
export const isMoved = (code: number): boolean => ['coordinator', 'reconnect'].includes(reactionTo(code));

/** @param what as in "Kafka could not ..." */
export function groupError(code: number, group: string, what: string): MkbError {
  const reason = errorName(code);
  if (isDenied(code)) return new MkbError('kafka-not-authorised', { what: `${what} ${group}`, reason });
  if (refuses(code, 'group')) return new MkbError('kafka-group-refused', { group, reason });
  return new MkbError('kafka-request-failed', { what: `${what} of ${group}`, reason });
}
