/** Names of parts of the document that it does not have. */
import { nearest } from '../../api/nearest.ts';
import type { ConstantFault } from './define.ts';

/** @param names those that the document has */
export const unknownPart = (what: 'schema' | 'table', name: string, names: readonly string[]): ConstantFault => {
  const near = nearest(name, names);
  const others = names.length === 0 ? 'none' : names.join(', ');
  const hint = near === undefined ? `spec.${what}s has ${others}.` : `Did you mean ${near}?`;
  return { parameter: 0, what, unknown: name, hint };
};
