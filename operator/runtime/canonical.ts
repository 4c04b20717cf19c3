/**
 * One text for one meaning: fields in the order of the alphabet, and none that is null, which says "not set" as much as its absence does.
 * Lists keep their order and all of their items, since a place in a list is a meaning too.
 */
import { createHash } from 'node:crypto';

/** The same value with its fields in order and without those that are not set. */
export function canonical<T>(value: T): T {
  if (Array.isArray(value)) return value.map(canonical) as T;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== null && field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, canonical(field)]);
  return Object.fromEntries(fields) as T;
}

/** Whether two values mean the same. */
export const sameMeaning = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b);

const textOf = (value: unknown): string => JSON.stringify(canonical(value) ?? null);

/** A short text that is the same for values that mean the same, and for no others that anyone will ever meet: 22 characters. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(textOf(value)).digest('base64url').slice(0, 22);
