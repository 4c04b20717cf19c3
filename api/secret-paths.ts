/** Where in a document secrets are, also in one that is not valid: a misspelt `pasword` holds a secret all the same. */
import { nearest } from './nearest.ts';
import type { Path } from './problems.ts';
import type { Field } from './schema/fields.ts';
import { propertyOf } from './shape.ts';

/** The paths of all values that the schema calls secret, or that have nearly the name of one. */
export const secretPaths = (field: Field, value: unknown, path: Path = []): Path[] => {
  if (field['x-secret']) return [path];
  if (Array.isArray(value) && field.items) {
    return value.flatMap((item, index) => secretPaths(field.items!, item, [...path, index]));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const own = propertyOf(field, name) ?? nearestProperty(field, name);
    return own ? secretPaths(own, inner, [...path, name]) : [];
  });
};

const nearestProperty = (field: Field, name: string): Field | undefined => {
  const meant = nearest(name, Object.keys(field.properties ?? {}));
  return meant === undefined ? undefined : propertyOf(field, meant);
};
