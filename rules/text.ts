/** How values become text: the rules of EMQX's str(), which `+`, concat and templates share. */
import { compact } from './formats/float-text.ts';
import { encodeJson } from './json.ts';
import { Float, isList, textOfBytes, type Value } from './value.ts';

/** Any value as text; undefined and null by name. Throws `value-not-text` for bytes that are not UTF-8. */
export const textOf = (value: Value): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatText(value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Uint8Array) return textOfBytes(value);
  if (isList(value)) return listText(value);
  return typeof value === 'object' && value !== null ? encodeJson(value) : String(value);
};

/** At most 10 decimals and at least one: 2.0, 0.3, 100000000000000000000.0. */
const floatText = (value: number): string => compact(value, 10);

/** Erlang writes text as a list of code points, so such a list becomes that text; any other becomes JSON. */
const listText = (list: readonly Value[]): string =>
  list.every(isPrintable)
    ? (list as readonly number[]).map(code => String.fromCodePoint(code)).join('')
    : encodeJson(list);

const isPrintable = (value: Value): boolean =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  ((value >= 32 && value <= 126) ||
    (value >= 8 && value <= 13) ||
    value === 27 ||
    (value >= 0xa0 && value <= 0xd7ff) ||
    (value >= 0xe000 && value <= 0xfffd) ||
    (value >= 0x10000 && value <= 0x10ffff));
