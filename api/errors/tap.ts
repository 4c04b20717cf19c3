/** Errors: live messages and figures of a running bridge (`mkb tap`, `mkb top`). */
import { table } from './entry.ts';

export const tapErrors = table({
  'tap-point-unknown': {
    kind: 'permanent',
    message: ({ point, points, meant }: { point: string; points: readonly string[]; meant: string | undefined }) =>
      `The bridge has no point ${point} where messages could be watched${meant === undefined ? '.' : `; did you mean ${meant}?`} It has ${points.join(', ')}.`,
    remedy: 'Name one of these points. Rules are those of the document that runs: mkb_config_hash says which.',
  },
  'tap-filter-invalid': {
    kind: 'permanent',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `${filter} is no topic filter of MQTT: ${reason}.`,
    remedy:
      'Give a filter such as cars/+/speed or cars/#. For a topic of Kafka, its name is a filter that matches it alone.',
  },
  'tap-too-many': {
    kind: 'retryable',
    message: ({ most }: { most: number }) => `${most} others watch messages of this bridge already.`,
    remedy:
      'End one of them: an mkb tap, or a tab with the page of the bridge. mkb_tap_watchers says how many there are.',
  },
  'tap-unreachable': {
    kind: 'retryable',
    message: ({ where, reason }: { where: string; reason: string }) => `No bridge answers at ${where}: ${reason}.`,
    remedy:
      'See that it runs, and where it serves HTTP: mkb run prints that when it is ready, and --http says it. Then give --url http://HOST:PORT.',
  },
  'tap-refused': {
    kind: 'permanent',
    message: ({ where, status, said }: { where: string; status: number; said: string }) =>
      `${where} answers with HTTP ${status}${said === '' ? '' : `: ${said.replaceAll('\n', ' ')}`}`,
    remedy:
      'Correct what it names. With 401 or 403, ask on its own machine, or give it a token (mkb run --reload-token-file) and that file to --token-file. With 404 it is no bridge, or an older one.',
  },
  'tap-option-invalid': {
    kind: 'permanent',
    message: ({ name, text, range }: { name: string; text: string; range: string }) =>
      `${name}=${text} is not ${range}.`,
    remedy: 'Correct the query of GET /-/tap. docs/live.md says what it may hold.',
  },
  'trial-failed': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The rule could not be tried on the message: ${reason}.`,
    remedy:
      'Simplify the expression that takes so long, or try a smaller message. If others try rules, press the button again.',
  },
});
