/**
 * Functions of earlier messages, with OVER:
 *
 *     lag(payload.x) OVER (PARTITION BY payload.id WHEN payload.x > 0)
 *
 * A state is kept for each key, in the memory of the place that calls: bounded by `state.maxEntries` (what was written longest ago gives way),
 * `state.maxValueBytes` and `state.maxAge`, and kept over a reload as long as the rule is the same. A message for which WHEN is not true
 * sees what is remembered, and is not remembered itself.
 */
import { MkbError } from '../api/errors.ts';
import type { Compiler, Condition } from './compiler.ts';
import type { FunctionEntry, Parameter } from './functions/define.ts';
import { kept } from './memory.ts';
import { placeAt } from './position.ts';
import { arrivalOf, type Evaluate, type Scope } from './scope.ts';
import type { Call } from './syntax.ts';
import type { Remembering } from './undo.ts';
import { isList, type Value } from './value.ts';
import { shortened, valueKey, valuesKey } from './value-key.ts';
import { bounded } from './windows/bounded.ts';

/** Throws `rule-arguments`: what keeps nothing for a key has no OVER. */
export const refuseOver = ({ name, over, start }: Call, { sql }: Compiler, hint = ''): void => {
  if (over === undefined) return;
  const reason = `takes no OVER, which is for lag, latest, had_changed, changed_cols and acc_*${hint}`;
  throw new MkbError('rule-arguments', { ...placeAt(sql, start), name, reason });
};

export interface PreviousCall {
  readonly entry: FunctionEntry;
  readonly expression: Call;
  readonly values: readonly Evaluate[];
  readonly readers: readonly Parameter<unknown>[];
  readonly memory: Remembering;
}

export const compilePrevious = (
  { entry, expression, values, readers, memory }: PreviousCall,
  compiler: Compiler,
): Evaluate => {
  const { limits } = compiler.world;
  const keyOf = partitionKey(expression, compiler);
  const counts: Condition | undefined = expression.over?.when && compiler.condition(expression.over.when);
  const step = entry.previous!;
  return scope => {
    const read = values.map((value, at) => readers[at]!.read(value(scope)));
    const key = keyOf(scope);
    const now = arrivalOf(scope);
    const before = ofAge(memory.get(key), now, limits.maxAgeMs);
    const remembered = counts === undefined || counts(scope);
    const { value, state } = step(before, read, remembered);
    if (remembered && state !== undefined) memory.put(key, [now, kept(bounded(state, limits))]);
    return value;
  };
};

/** By the values of PARTITION BY; without OVER by topic; `OVER ()` is one key for all messages. */
const partitionKey = ({ over }: Call, compiler: Compiler): ((scope: Scope) => string) => {
  if (over === undefined) return ({ message }) => shortened(valueKey(message.topic));
  const parts = over.partition.map(part => compiler.compile(part));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return scope => shortened(valueKey(only(scope)));
  return scope => shortened(valuesKey(parts.map(part => part(scope))));
};

const weekMs = 7 * 24 * 60 * 60 * 1000;

/** A clock that was set back makes nothing older. */
const ofAge = (remembered: Value, now: number, maxAgeMs = weekMs): Value => {
  if (!isList(remembered)) return undefined;
  const [time, state] = remembered;
  return now - (time as number) > maxAgeMs ? undefined : state;
};
