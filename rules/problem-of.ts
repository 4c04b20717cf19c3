/** An error of the table that a check met, as a problem at its place in a document. */
import { MkbError } from '../api/errors.ts';
import { findingOf } from '../api/findings.ts';
import type { LoadedDocument } from '../api/load.ts';
import { formatPath, type Path, type Place, type Problem } from '../api/problems.ts';
import { placeOf } from './position.ts';

/** The error as a problem of the text at `path`, at the character that it names if it does. Throws what is not of the table. */
export const problemOf = (
  loaded: Pick<LoadedDocument, 'locate' | 'locateInString'>,
  path: Path,
  error: unknown,
): Problem => {
  if (!MkbError.is(error)) throw error;
  const offset = offsetOf(error);
  const place = offset === undefined ? loaded.locate(path) : loaded.locateInString(path, offset);
  return toProblem(place, path, placeOf(error) === undefined ? error : withoutPlace(error));
};

const offsetOf = (error: MkbError): number | undefined => {
  const { offset, at } = error.details as { offset?: number; at?: unknown };
  return offset ?? (typeof at === 'number' ? at : undefined);
};

/** The file's place stands beside the message, and the one within the rule would only confuse. */
const withoutPlace = (error: MkbError): MkbError =>
  new MkbError(error.code, { ...(error.details as object), line: 0 } as never, { cause: error });

export const toProblem = (
  place: Place,
  path: Path,
  error: MkbError,
  severity: Problem['severity'] = 'error',
): Problem => {
  const { code, message, remedy } = findingOf(path, error);
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  const problem = { ...place, severity, code, path: formatPath(path), message: sentence };
  return remedy === undefined ? problem : { ...problem, remedy };
};
