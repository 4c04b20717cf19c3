/** Errors: a running bridge that is given another document. */
import { table } from './entry.ts';

export const reloadErrors = table({
  'reload-needs-restart': {
    kind: 'permanent',
    message: ({ fields }: { fields: string }) =>
      `A running bridge cannot change ${fields}. It goes on with the document that it has.`,
    remedy:
      'Restart the bridge: it takes up its session and its offsets where they are. Or undo these changes, and reload the others.',
  },
  'reload-too-early': {
    kind: 'retryable',
    message: ({ bridge, whyNot }: { bridge: string; whyNot: string }) =>
      `The bridge ${bridge} takes no other document now: ${whyNot}.`,
    remedy: 'Reload again when /readyz answers 200, or restart the bridge.',
  },
  'reload-too-many-rules': {
    kind: 'retryable',
    message: ({ count }: { count: number }) =>
      `There is no room for ${count} changed rules beside those whose messages are in flight.`,
    remedy:
      'Reload again in a moment. If messages wait for long, see what /readyz says of the oldest; or restart the bridge.',
  },
  'reload-unanswered': {
    kind: 'retryable',
    message: ({ seconds }: { seconds: number }) =>
      `Kafka has not answered within ${seconds} s whether the topics of the new document exist.`,
    remedy: 'Reload again when Kafka is there; mkb doctor shows what does not answer.',
  },
  'reload-filters-overlap': {
    kind: 'permanent',
    message: ({ filters }: { filters: string }) =>
      `The filters ${filters} match the same topics, and one takes the place of the other: while both are subscribed a message would come twice, or not at all. The bridge goes on with the document that it has.`,
    remedy: 'Restart the bridge: it takes up its session where it is.',
  },
  'reload-not-connected': {
    kind: 'retryable',
    message: () =>
      'New filters could not be subscribed to: the MQTT broker is not connected, or has not answered in time.',
    remedy: 'Reload again when /readyz answers 200.',
  },
  'reload-other-bridges': {
    kind: 'permanent',
    message: ({ difference }: { difference: string }) =>
      `The documents are not those of the bridges that run: ${difference}. All go on with the documents that they have.`,
    remedy: 'Restart mkb run: bridges are added and taken away by a restart.',
  },
  'reload-from-stdin': {
    kind: 'permanent',
    message: () => 'The document came from standard input, which cannot be read again.',
    remedy: 'Write it to a file, and run mkb run FILE.',
  },
});
