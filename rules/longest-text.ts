/**
 * How long a text one call may make, in characters. A message is at most a fraction of it, but a replacement for each character of a text, or
 * a separator for each element of a list, could make gigabytes of it.
 */
import { Refusal } from './refusal.ts';

export const longestText = 16 * 1024 * 1024;

/** Call before text of this length is made. Throws Refusal. */
export const mustFit = (length: number): void => {
  if (length > longestText) throw new Refusal(`the text would have more than ${longestText} characters`);
};
