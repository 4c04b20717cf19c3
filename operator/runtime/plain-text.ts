/** Text of others (what a program said last, what an admission webhook answers) as it may be shown in a terminal. */
import { stripVTControlCharacters } from 'node:util';

/**
 * Without escape sequences, control characters and marks that turn the direction of writing, which would show something else than what is there;
 * and without half letters, which the API server replaces, so that it would never have what was written.
 */
export const plainText = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, ' ')
    .toWellFormed();
