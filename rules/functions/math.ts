/** Functions on numbers. Whole results of ceil, floor and round are integers; roots and powers are floats. */
import { float, integer, multiply, quotient, remainder, toDouble } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import { Float, isInteger, type Numeric, type Value } from '../value.ts';
import { any, define, type FunctionEntry, number } from './define.ts';

/** Rounds with `how`; integers of any size are already what they are rounded to. */
export const rounded = (value: Numeric, how: (value: number) => number): number | bigint => {
  if (isInteger(value)) return value;
  const whole = how(toDouble(value));
  return Number.isSafeInteger(whole) ? whole + 0 : integer(BigInt(whole));
};

/** Half away from zero: -2.5 is -3. */
const roundHalfAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

const absolute = (value: Numeric): Value => {
  if (value instanceof Float) return new Float(Math.abs(value.value));
  return value < 0 ? multiply(value, -1) : value;
};

const logarithm = (
  name: string,
  meaning: string,
  how: (value: number) => number,
  examples: FunctionEntry['examples'],
): FunctionEntry =>
  define({
    name,
    parameters: [number('number')],
    returns: 'float',
    description: `The ${meaning} of a number above 0.`,
    examples,
    call: ([value]) => float(how(toDouble(value))),
  });

export const mathFunctions: readonly FunctionEntry[] = [
  define({
    name: 'abs',
    parameters: [number('number')],
    returns: 'number',
    description: 'The number without its sign.',
    examples: [
      ['abs(-12)', 12],
      ['abs(-1.5)', 1.5],
    ],
    call: ([value]) => absolute(value),
  }),
  define({
    name: 'ceil',
    parameters: [number('number')],
    returns: 'integer',
    description: 'The smallest integer that is not below the number.',
    examples: [
      ['ceil(0.8)', 1],
      ['ceil(-1.2)', -1],
    ],
    call: ([value]) => rounded(value, Math.ceil),
  }),
  define({
    name: 'floor',
    parameters: [number('number')],
    returns: 'integer',
    description: 'The largest integer that is not above the number.',
    examples: [
      ['floor(3.6)', 3],
      ['floor(-1.2)', -2],
    ],
    call: ([value]) => rounded(value, Math.floor),
  }),
  define({
    name: 'round',
    parameters: [number('number')],
    returns: 'integer',
    description: 'The nearest integer; half goes away from zero.',
    examples: [
      ['round(2.5)', 3],
      ['round(-2.5)', -3],
    ],
    call: ([value]) => rounded(value, roundHalfAway),
  }),
  define({
    name: 'sqrt',
    parameters: [number('number')],
    returns: 'float',
    description: 'The square root.',
    examples: [['sqrt(9)', new Float(3)]],
    call: ([value]) => float(Math.sqrt(toDouble(value))),
  }),
  define({
    name: 'exp',
    parameters: [number('number')],
    returns: 'float',
    description: 'e to the power of the number.',
    examples: [['exp(10)', 22026.465794806718]],
    call: ([value]) => float(Math.exp(toDouble(value))),
  }),
  logarithm('log', 'natural logarithm', Math.log, [['log(1)', new Float(0)]]),
  logarithm('log10', 'logarithm to base 10', Math.log10, [['log10(100)', new Float(2)]]),
  logarithm('log2', 'logarithm to base 2', Math.log2, [['log2(8.5)', 3.0874628412503395]]),
  define({
    name: 'power',
    parameters: [number('base'), number('exponent')],
    returns: 'float',
    description: '`base` to the power of `exponent`.',
    examples: [['power(2, 3)', new Float(8)]],
    call: ([base, exponent]) => float(toDouble(base) ** toDouble(exponent)),
  }),
  define({
    name: 'div',
    parameters: [any('dividend'), any('divisor')],
    returns: 'integer',
    description: 'Whole division of integers, cut toward zero; also written `a div b`.',
    examples: [['div(-7, 2)', -3]],
    call: ([dividend, divisor]) => quotient(dividend, divisor),
  }),
  define({
    name: 'mod',
    parameters: [any('dividend'), any('divisor')],
    returns: 'integer',
    description: 'The remainder of whole division, with the dividend’s sign; also written `a mod b`.',
    examples: [['mod(-7, 2)', -1]],
    call: ([dividend, divisor]) => remainder(dividend, divisor),
  }),
  define({
    name: 'fmod',
    parameters: [number('dividend'), number('divisor')],
    returns: 'float',
    description: 'The remainder of a division of floats.',
    examples: [['fmod(6.5, 2)', 0.5]],
    call: ([dividend, divisor]) => {
      if (toDouble(divisor) === 0) throw new Refusal('division by zero');
      return float(toDouble(dividend) % toDouble(divisor));
    },
  }),
];
