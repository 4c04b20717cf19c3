/** What metadata says against a topic, and when it is believed. */
import { MkbError } from '../../api/errors.ts';
import { errorName, reactionTo } from '../../network/kafka/error-codes.ts';

/** How often metadata may say that a topic is unknown before we believe it: a new topic takes a moment to be known to every broker. */
export const unknownAnswers = 4;

export const unknownTopic = 3;
const invalidTopic = 17;

/** What an error code says of a topic permanently; undefined for one that passes. */
export function topicError(topic: string, errorCode: number): MkbError | undefined {
  if (errorCode === unknownTopic) return new MkbError('kafka-unknown-topic', { topic });
  if (errorCode === invalidTopic) return new MkbError('kafka-invalid-topic', { topic });
  if (isDenied(errorCode))
    return new MkbError('kafka-not-authorised', { what: `use topic ${topic}`, reason: errorName(errorCode) });
  return undefined;
}

/** Whether a person has to grant a right first. */
export const isDenied = (errorCode: number): boolean => reactionTo(errorCode) === 'denied';
