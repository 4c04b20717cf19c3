/** Somebody else's JSON, of which only what is as expected is taken. */

export type Json = Readonly<Record<string, unknown>>;

export const isMapping = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The mappings of a list; none of anything else. */
export const mappings = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isMapping) : []);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Every figure of EMQX is one from 0. */
export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
