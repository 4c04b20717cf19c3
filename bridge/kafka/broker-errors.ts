/**
 * What a broker's error code asks of a producer (Kafka protocol, "Error Codes").
 *
 * `retry` waits and sends the same batch again. `refresh` does so too, after asking who leads the partition now. `renew` means that the
 * broker does not recognise our sequence any more: a new producer id is needed. `split` halves a batch that is too large. `fail` is final
 * for the batch's records.
 */
export type Reaction = 'delivered' | 'retry' | 'refresh' | 'renew' | 'split' | 'fail';

const reactions: { readonly [code: number]: Reaction } = {
  0: 'delivered',
  // DUPLICATE_SEQUENCE_NUMBER: an earlier attempt, whose answer we never saw, did arrive. With one batch in flight it is this very batch.
  46: 'delivered',
  3: 'refresh', // UNKNOWN_TOPIC_OR_PARTITION: metadata decides whether the topic is really gone
  5: 'refresh', // LEADER_NOT_AVAILABLE
  6: 'refresh', // NOT_LEADER_OR_FOLLOWER
  9: 'refresh', // REPLICA_NOT_AVAILABLE
  13: 'refresh', // NETWORK_EXCEPTION
  56: 'refresh', // KAFKA_STORAGE_ERROR
  72: 'refresh', // LISTENER_NOT_FOUND
  74: 'refresh', // FENCED_LEADER_EPOCH
  75: 'refresh', // UNKNOWN_LEADER_EPOCH
  100: 'refresh', // UNKNOWN_TOPIC_ID
  2: 'retry', // CORRUPT_MESSAGE: the CRC did not hold on arrival
  7: 'retry', // REQUEST_TIMED_OUT
  8: 'retry', // BROKER_NOT_AVAILABLE
  19: 'retry', // NOT_ENOUGH_REPLICAS
  20: 'retry', // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  84: 'retry', // ELECTION_NOT_NEEDED
  89: 'retry', // THROTTLING_QUOTA_EXCEEDED
  45: 'renew', // OUT_OF_ORDER_SEQUENCE_NUMBER
  47: 'renew', // INVALID_PRODUCER_EPOCH
  49: 'renew', // INVALID_PRODUCER_ID_MAPPING
  59: 'renew', // UNKNOWN_PRODUCER_ID
  90: 'renew', // PRODUCER_FENCED
  10: 'split', // MESSAGE_TOO_LARGE
  18: 'split', // RECORD_LIST_TOO_LARGE
};

/** How to react to `errorCode`; `fail` for all codes that no retry can mend. UNKNOWN_SERVER_ERROR (-1) may pass, so it is retried. */
export function reactionTo(errorCode: number): Reaction {
  if (errorCode === -1) return 'retry';
  return reactions[errorCode] ?? 'fail';
}

/** Whether an attempt that ended with this code may have written the batch all the same. */
export function mayHaveWritten(errorCode: number): boolean {
  return errorCode === 7 || errorCode === 20 || errorCode === -1;
}
