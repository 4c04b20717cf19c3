import { MkbError } from '../errors.ts';

/** What was thrown, as an error of the table. */
export function asMkbError(error: unknown): MkbError {
  return MkbError.is(error) ? error : new MkbError('unexpected', { reason: String(error) }, { cause: error });
}
