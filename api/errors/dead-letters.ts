/** Errors: of looking into a topic of dead letters, and of replaying what is in it. */
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
  'dead-letter-rule-unknown': {
    kind: 'permanent',
    message: ({ rule, near, known }: { rule: string; near: string | undefined; known: string }) =>
      `The document has no rule "${rule}"${near === undefined ? `; it has ${known}` : ` (did you mean "${near}"?)`}.`,
    remedy:
      'Name a rule of the document. Letters of a rule that was renamed can be replayed with a document in which it has its old name.',
  },
  'dead-letter-topic-unread': {
    kind: 'permanent',
    message: ({ place, topic, rule }: { place: string; topic: string; rule: string }) =>
      `The letter at ${place} came from ${topic}, which FROM of the rule ${rule} does not read any more.`,
    remedy: 'Add the topic to FROM of the rule, or drop the letter: mkb dead-letters drop.',
  },
  'dead-letter-stuck': {
    kind: 'permanent',
    message: ({ topic, place, reason }: { topic: string; place: string; reason: string }) =>
      `The letter at ${place} failed again, and ${topic} does not take its new letter: ${reason}`,
    remedy:
      'It stays open, and so do those after it in its partition. Do what the reason asks for (a right to write, a larger max.message.bytes of the topic), or pass it over with a filter, such as --key or --error.',
  },
  'dead-letter-group-lost': {
    kind: 'permanent',
    message: ({ group }: { group: string }) =>
      `This run lost its place in the group ${group}: another one took over, or this process or Kafka hung for more than ten seconds.`,
    remedy: 'If no other replay or drop runs, run the command again: it goes on where Kafka knows that this one came.',
  },
  'dead-letter-selections-full': {
    kind: 'permanent',
    message: ({ selections, bytes }: { selections: number; bytes: number }) =>
      `Kafka keeps ${bytes} bytes beside an offset, and ${selections} different selections of letters need more.`,
    remedy:
      'Replay or drop with wider filters, which replace what was remembered of narrower ones; shorter lists of --rule, --error and --topic need less.',
  },
  'dead-letter-state-unknown': {
    kind: 'permanent',
    message: ({ version }: { version: string }) =>
      `A later version of mkb remembered which letters are done, in a format (${version}) that this one does not know.`,
    remedy: 'Use that version of mkb, or look at all letters with mkb dead-letters list --all.',
  },
});
