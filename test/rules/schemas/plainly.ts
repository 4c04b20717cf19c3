import { isList, isMap, type Value } from '../../../rules/value.ts';

/** A value with ordinary objects for maps, so that it can be compared with one that is written down. */
export const plainly = (value: Value): unknown => {
  if (isList(value)) return value.map(plainly);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.keys(value).map(key => [key, plainly(value[key])]));
};
