import type { MkbError } from '../../api/errors.ts';

/** What goes behind a reason not to be ready: why it is so, and what to do. Nothing if there is no error. */
export const because = (error: MkbError | undefined): string =>
  error === undefined ? '' : `: ${error.message} ${error.remedy}`;
