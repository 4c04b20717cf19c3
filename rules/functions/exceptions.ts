/**
 * Report by exception: CHANGED and DEDUP pass on what is new, and so remember what was.
 *
 * Each place in a rule that calls one has a memory of its own. When that is full, what is oldest is forgotten, and so may be reported once
 * more than needed: a report too many, never one too few. What is missing cannot be compared: it has not changed, and is no duplicate.
 */
import { durationMs } from '../../api/units.ts';
import { Memory } from '../memory.ts';
import { refuse } from '../refusal.ts';
import { arrivalOf } from '../scope.ts';
import type { Remembering } from '../undo.ts';
import { isText, type Value } from '../value.ts';
import { shortened, valueKey } from '../value-key.ts';
import { any, custom, define, type FunctionEntry, optional, type Parameter } from './define.ts';

type Call = FunctionEntry['call'];

const duration = (name: string): Parameter<number> => {
  // Nearly always a constant, so it is read once.
  let known: Value;
  let milliseconds = 0;
  return custom(name, 'duration', value => {
    if (value !== known) {
      milliseconds = readDuration(name, value);
      known = value;
    }
    return milliseconds;
  });
};

const readDuration = (name: string, value: Value): number => {
  try {
    if (isText(value)) return durationMs(value.toString());
  } catch {
    // Refused below, as every other value.
  }
  return refuse(`${name} must be a duration such as 60s or 1h30m`, value) as never;
};

/** An entry that makes its call again for each place that calls it. */
const remembering = (
  definition: Omit<Parameters<typeof define>[0], 'call'>,
  prepare: (memory: Remembering) => Call,
): FunctionEntry => ({
  ...define({ ...definition, call: prepare(new Memory()) as never }),
  ofMessage: true,
  remembers: true,
  prepare,
});

export const exceptionFunctions: readonly FunctionEntry[] = [
  remembering(
    {
      name: 'CHANGED',
      parameters: [any('value'), optional(any('key'))],
      returns: 'boolean',
      description:
        'Whether the value differs from the last one of the topic, or of `key` if it is given; true for the first one. A value that is missing (undefined, not null) has not changed.',
      examples: [
        ["CHANGED(payload.speed, 'this car')", true],
        ['CHANGED(payload.nothing)', false],
      ],
    },
    memory =>
      ([value, key], { message }) => {
        if (value === undefined) return false;
        const owner = shortened(valueKey(key === undefined ? message.topic : (key as Value)));
        const now = shortened(valueKey(value as Value));
        return memory.put(owner, now) !== now;
      },
  ),
  remembering(
    {
      name: 'DEDUP',
      parameters: [any('value'), duration('within')],
      returns: 'boolean',
      description:
        'Whether the value was not let through within this time before, in a message of any topic. A value that is missing is never a duplicate.',
      examples: [
        ["DEDUP('a', 60s)", true],
        ["DEDUP(payload.nothing, '1h30m')", true],
      ],
    },
    memory =>
      ([value, within], scope) => {
        if (value === undefined || value === null) return true;
        const key = shortened(valueKey(value as Value));
        const now = arrivalOf(scope);
        const age = now - Number(memory.get(key) ?? Number.NaN);
        // An age below 0 is a clock that was set back: rather twice than never.
        if (age >= 0 && age < (within as number)) return false;
        memory.put(key, now);
        return true;
      },
  ),
];
