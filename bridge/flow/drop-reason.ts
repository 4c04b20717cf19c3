import type { MkbError } from '../../api/errors.ts';
import type { Outcome } from './outcome.ts';

/** The reason to drop a message under, by what failed. */
export function dropReason(error: MkbError): Outcome {
  switch (error.code) {
    case 'kafka-message-too-large':
    case 'mqtt-publish-too-large':
      return 'record_too_large';
    case 'kafka-unknown-topic':
    case 'kafka-invalid-topic':
      return 'unknown_topic';
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
