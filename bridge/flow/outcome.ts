import type { MkbError } from '../../api/errors.ts';

/**
 * What finally became of a message. A message that went several ways has the worst of its outcomes, which is the largest number.
 *
 * `dropped` always has a reason; the reasons are few and fixed, since they become a label.
 */
export const outcomes = [
  'delivered',
  'dead_lettered',
  // From here on: reasons for which a message is dropped. The first seven are what document and rules ask for; the others are losses.
  'filtered',
  'no_rule',
  // Another copy of it, for another of our subscriptions, goes through the rules.
  'other_copy',
  // A copy for a subscription of an older document.
  'old_subscription',
  // It was stored before we subscribed, and the document does not want such.
  'retained',
  // It counts in windows, whose rows are records of their own, and it was made into nothing else.
  'aggregated',
  // The time for which its sink wants it sent was over.
  'expired',
  'rule_failed',
  'state_full',
  'record_too_large',
  'record_refused',
  'not_authorised',
  'unknown_topic',
  'retries_exhausted',
  'dead_letter_failed',
  // Those that a buffer had no room for, kept for longer than its maxAge, or could not read back.
  'buffer_full',
  'buffer_expired',
  'buffer_unreadable',
] as const;

export type Outcome = (typeof outcomes)[number];

/** An outcome as the number that the tables of messages in flight hold. */
export const outcomeNumber = Object.fromEntries(outcomes.map((name, number) => [name, number])) as {
  readonly [name in Outcome]: number;
};

/** The outcomes that mean dropped because document and rules want it so. */
export const intendedOutcomes = [
  'filtered',
  'no_rule',
  'other_copy',
  'old_subscription',
  'retained',
  'aggregated',
  'expired',
] as const satisfies readonly Outcome[];

export const isIntended = (outcome: Outcome): boolean => (intendedOutcomes as readonly Outcome[]).includes(outcome);

/** The outcomes that mean dropped. */
export const dropReasons: readonly Outcome[] = outcomes.slice(2);

/** The reason to drop a message under, by what failed. */
export function dropReason(error: MkbError): Outcome {
  switch (error.code) {
    case 'kafka-message-too-large':
    case 'mqtt-publish-too-large':
    case 'mqtt-packet-too-large':
      return 'record_too_large';
    case 'kafka-unknown-topic':
    case 'kafka-invalid-topic':
    case 'kafka-partition-unknown':
    case 'kafka-topic-refused':
    case 'kafka-topics-exhausted':
      return 'unknown_topic';
    case 'kafka-retries-exhausted':
    case 'mqtt-retries-exhausted':
      return 'retries_exhausted';
    case 'kafka-not-authorised':
      return 'not_authorised';
    case 'kafka-record-refused':
    case 'mqtt-publish-refused':
      return 'record_refused';
    case 'rule-state-full':
      return 'state_full';
    default:
      return 'rule_failed';
  }
}
