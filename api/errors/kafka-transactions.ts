/** Errors of transactions: `delivery.guarantee: exactlyOnce`. */
import { table } from './entry.ts';

export const kafkaTransactionErrors = table({
  'kafka-transaction-aborted': {
    kind: 'retryable',
    message: ({ transactionalId, reason }: { transactionalId: string; reason: string }) =>
      `A transaction of ${transactionalId} was aborted: ${reason}.`,
    remedy:
      'Nothing is lost or repeated: records are read again from the offset that was committed last. If it happens again and again, find the topic that does not take its records, see /readyz.',
  },
  'kafka-producer-fenced': {
    kind: 'permanent',
    message: ({ transactionalId }: { transactionalId: string }) =>
      `Another process uses the transactional id ${transactionalId}, or this one was silent for longer than a transaction may last.`,
    remedy:
      'Give each bridge a kafka.clientId of its own, and each replica an --ordinal of its own. If no other process has this id, start the bridge again.',
  },
  'kafka-receipts-unreadable': {
    kind: 'permanent',
    message: ({ topic, key }: { topic: string; key: string }) =>
      `The record of ${key} in the topic ${topic} does not say what was received from MQTT.`,
    remedy:
      'Give the bridge a topic that nobody else writes to (delivery.sessionTopic). To go on without what it said, delete the topic: messages that are delivered again at that moment are written twice.',
  },
});
