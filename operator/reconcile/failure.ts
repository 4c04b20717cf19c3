import { MkbError } from '../../api/errors.ts';

/** What work failed with. A fault of ours is an error of the table too, so that it can be told to people. */
export const failureFrom = (error: unknown): MkbError =>
  MkbError.is(error)
    ? error
    : new MkbError('unexpected', { reason: error instanceof Error ? error.message : String(error) }, { cause: error });
