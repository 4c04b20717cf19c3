/** Errors: what is wrong with a document, and with the secrets it names. */
import { table } from './entry.ts';

export const documentErrors = table({
  'document-invalid': {
    kind: 'permanent',
    message: ({ count }: { count: number }) =>
      `The configuration has ${count} ${count === 1 ? 'problem' : 'problems'}.`,
    remedy: 'Correct the places named above; `mkb validate FILE` checks them without starting anything.',
  },
  'secret-unreadable': {
    kind: 'permanent',
    message: ({ source, reason }: { source: string; reason: string }) =>
      `The secret from ${source} cannot be read: ${reason}.`,
    remedy:
      'Check the name, and for files that this user may read them. --secrets-dir names the folder of secretKeyRef.',
  },
  'quantity-invalid': {
    kind: 'permanent',
    message: ({ found, expected }: { found: string; expected: string }) => `"${found}" is not ${expected}.`,
    remedy:
      'Write a number and its unit without a space: ms, s, m, h, d for time; KiB, MiB, GiB or KB, MB, GB for sizes.',
  },
  'template-syntax': {
    kind: 'permanent',
    message: ({ found, reason }: { found: string; reason: string; offset: number }) =>
      `The placeholder ${found} cannot be read: ${reason}.`,
    remedy:
      'Write ${path}, ${path:-text when missing}, or ${.} for the whole row; ${$}{x} gives the literal text ${x}.',
  },
  'document-unreadable': {
    kind: 'permanent',
    message: ({ file, reason }: { file: string; reason: string }) => `${file} cannot be read: ${reason}.`,
    remedy: 'Name a file, a folder with .yaml, .yml or .json files, or - for standard input.',
  },
  'document-not-formatted': {
    kind: 'permanent',
    message: ({ file, reason }: { file: string; reason: string }) => `${file} is left as it is: ${reason}.`,
    remedy: 'See what `mkb validate` says of it, and write by hand what cannot be formatted.',
  },
  'conversion-unknown': {
    kind: 'permanent',
    message: ({ file }: { file: string }) => `${file} is no configuration that can be converted.`,
    remedy:
      'Give cluster.hocon or the rules of EMQX, a connector of Kafka Connect, a stream of Redpanda Connect or Bento, or telegraf.conf; mkb convert --help says which parts.',
  },
  'document-too-large': {
    kind: 'permanent',
    message: ({ what, limit }: { what: string; limit: string }) => `The document has ${what}; the limit is ${limit}.`,
    remedy: 'Split it into several documents; one bridge rarely needs more than a few kilobytes.',
  },
  'document-unchecked': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `The document could not be checked: ${reason}.`,
    remedy: 'Split it into several bridges, or make its longest rules shorter; it is checked again after some minutes.',
  },
  'document-syntax': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => reason,
    remedy: 'Documents are YAML 1.2 or JSON: indent with spaces, and quote text that holds `: `, `#`, `{` or `[`.',
  },
  'document-kind': {
    kind: 'permanent',
    message: ({ found }: { found: string }) => `Found ${found}, which is not a bridge.`,
    remedy:
      'Documents start with `apiVersion: mqttkafka.dev/v1alpha1` and `kind: MqttKafkaBridge`; keep others in another file.',
  },
  'field-unknown': {
    kind: 'permanent',
    message: ({ name, meant }: { name: string; meant: string | undefined }) =>
      `\`${name}\` is not a field here.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    remedy: 'Correct the name or leave the field out; docs/reference/document.md lists every field.',
  },
  'field-missing': {
    kind: 'permanent',
    message: ({ name }: { name: string }) => `\`${name}\` is missing.`,
    remedy: 'Add the field; docs/reference/document.md says what it takes.',
  },
  'field-type': {
    kind: 'permanent',
    message: ({ found, expected }: { found: string; expected: string }) => `Found ${found}, expected ${expected}.`,
    remedy: 'Write a value of the type that is expected.',
  },
  'field-value': {
    kind: 'permanent',
    message: ({ found, expected, meant }: { found: string; expected: string; meant?: string | undefined }) =>
      `Found ${found}, expected ${expected}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    remedy: 'Choose a value that is allowed.',
  },
  'field-conflict': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => reason,
    remedy: 'Fields that belong together are given together, and of those that exclude each other only one.',
  },
  'override-not-trusted': {
    kind: 'permanent',
    message: ({ field, kind }: { field: string; kind: string }) =>
      `\`${field}\` of a ${kind} reaches beyond the namespace, and the operator does not let documents override it.`,
    remedy:
      'Leave it out, or ask whoever runs the operator to name the kind in `trustedOverrides` of its configuration: then everyone who may write bridges may set it.',
  },
  'part-unsupported': {
    kind: 'permanent',
    message: ({ path, message }: { path: string; message: string; remedy: string }) => `${path}: ${message}`,
    remedy: '`mkb validate FILE` names every such part, with its place and what to do instead.',
  },
});
