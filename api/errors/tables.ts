/** Errors: what lookup tables can meet. */
import { table } from './entry.ts';

export interface TablePlace {
  readonly name: string;
  /** Undefined for one that stands in the document. */
  readonly file: string | undefined;
}

const placeOf = ({ name, file }: TablePlace): string => `${name}${file === undefined ? '' : ` (${file})`}`;

export const tableErrors = table({
  'table-unreadable': {
    kind: 'retryable',
    message: ({ name, file, reason }: TablePlace & { reason: string }) =>
      `The table ${placeOf({ name, file })} cannot be read: ${reason}.`,
    remedy:
      'Put the file there and let the bridge read it; the bridge tries again. Until it was read once no message is taken; after that the last good table stays.',
  },
  'table-invalid': {
    kind: 'permanent',
    message: ({ name, file, line, reason }: TablePlace & { line: number; reason: string }) =>
      `The table ${placeOf({ name, file })} is wrong at line ${line}: ${reason}.`,
    remedy:
      'Correct the line (or set a larger `maxRows`); the file is read again when it changes. Until it was read once no message is taken; after that the last good table stays.',
  },
  'table-too-large': {
    kind: 'permanent',
    message: ({ name, file, bytes, limit }: TablePlace & { bytes: number; limit: number }) =>
      `The table ${placeOf({ name, file })} has ${bytes} bytes, and maxBytes is ${limit}.`,
    remedy:
      'Make the file smaller, or set a larger `maxBytes` in spec.tables, for which the bridge needs the memory twice.',
  },
  'table-not-found': {
    kind: 'permanent',
    message: ({ name, meant }: { name: string; meant: string | undefined }) =>
      `No table of the document is named ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    remedy: 'Use the name of an entry of spec.tables.',
  },
  'table-not-read': {
    kind: 'permanent',
    message: ({ name, reason }: { name: string; reason: string }) =>
      `The table ${name} has not been read: ${reason.replace(/\.$/, '')}.`,
    remedy: 'Put the file of spec.tables there; a test can give the table itself under `tables`.',
  },
});
