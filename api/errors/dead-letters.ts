/** Errors: of looking into a topic of dead letters. */
import { table } from './entry.ts';

export const deadLetterErrors = table({
  'dead-letter-topic-missing': {
    kind: 'permanent',
    message: ({ bridge }: { bridge: string }) => `${bridge} has no topic for dead letters.`,
    remedy:
      'Name one in the document (delivery.onFailure.deadLetter.topic), or the topic of an earlier document with --dead-letter-topic.',
  },
  'dead-letter-missing': {
    kind: 'permanent',
    message: ({ topic, place, has }: { topic: string; place: string; has: string }) =>
      `${topic} has no record at ${place}: ${has}.`,
    remedy:
      'List what it has: mkb dead-letters list. Letters are deleted when the retention time of their topic is over.',
  },
});
