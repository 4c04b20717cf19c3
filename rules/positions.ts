/** Positions in brackets that no list has, found when a rule is read: they would be undefined in every message. */
import { MkbError } from '../api/errors.ts';
import { placeAt } from './position.ts';
import type { Expression } from './syntax.ts';
import { isText, type Value } from './value.ts';

/** Throws `rule-syntax` for `payload['a']`, `payload["a"]`, `payload.a[0]`, `payload.a[1.5]`. */
export const refusePosition = (sql: string, index: Expression, base: Expression): void => {
  const value = constantOf(index);
  const isName = index.kind === 'path' && index.quoted === true && index.steps.length === 0;
  if (value === undefined && !isName) return;
  if (typeof value === 'number' && Number.isInteger(value) && value !== 0) return;
  const key = isName ? index.name : isText(value) ? value.toString() : undefined;
  const before = sql.slice(base.start, base.end);
  const written = key !== undefined && /^[A-Za-z_]\w*$/.test(key) ? key : `'${key}'`;
  const hint =
    key === undefined
      ? 'Positions count from 1, and negative ones from the end.'
      : `A key stands behind a dot: ${before}.${written}.`;
  const found = `\`[${sql.slice(index.start, index.end)}]\``;
  throw new MkbError('rule-syntax', { ...placeAt(sql, index.start), found, expected: 'a position such as [1]', hint });
};

/** The value of a number or text, with its sign; undefined for what depends on the message. */
const constantOf = (index: Expression): Value => {
  if (index.kind === 'unary' && index.operator !== 'not') {
    const value = constantOf(index.operand);
    return typeof value === 'number' ? -value : undefined;
  }
  return index.kind === 'literal' ? (index.value ?? null) : undefined;
};

/** Throws `rule-syntax` for a range that no list has: `l[0..2]`, and `l[3..1]`, which ends before it begins. */
export const refuseRange = (
  sql: string,
  { start, from, to }: { readonly start: number; readonly from: number; readonly to: number },
): void => {
  const hint =
    from === 0 || to === 0
      ? 'Positions count from 1, and negative ones from the end.'
      : 'A range goes from its first position to its last.';
  const isEmpty = from > 0 === to > 0 && to < from - 1;
  if (from !== 0 && to !== 0 && !isEmpty) return;
  const details = { ...placeAt(sql, start), found: `\`[${from}..${to}]\``, expected: 'a range such as [1..3]', hint };
  throw new MkbError('rule-syntax', details);
};
