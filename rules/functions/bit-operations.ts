/** Operations on the bits of integers, which are signed and of any size. */
import { integer as shortest } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import type { Value } from '../value.ts';
import { define, type FunctionEntry, integer, whole } from './define.ts';

/** A shift makes a number of that many bits, and a message must not ask for gigabytes. */
const longestShift = 1_000_000;

/** To the left; a negative distance goes to the right. Bits that fall off at the right are lost, the sign stays. */
const shift = (value: number | bigint, distance: number): Value => {
  if (distance > longestShift) throw new Refusal(`a shift goes up to ${longestShift} bits, not ${distance}`);
  return shortest(BigInt(value) << BigInt(distance));
};

const pairwise = (
  name: string,
  meaning: string,
  how: (left: bigint, right: bigint) => bigint,
  examples: FunctionEntry['examples'],
): FunctionEntry =>
  define({
    name,
    parameters: [whole('left'), whole('right')],
    returns: 'integer',
    description: `The bits that are set in ${meaning} of the two integers.`,
    examples,
    call: ([left, right]) => shortest(how(BigInt(left), BigInt(right))),
  });

export const bitOperations: readonly FunctionEntry[] = [
  define({
    name: 'bitnot',
    parameters: [whole('integer')],
    returns: 'integer',
    description: 'The integer with every bit turned.',
    examples: [
      ['bitnot(10)', -11],
      ['bitnot(-12)', 11],
    ],
    call: ([value]) => shortest(~BigInt(value)),
  }),
  pairwise('bitand', 'both', (left, right) => left & right, [
    ['bitand(10, 8)', 8],
    ['bitand(-10, -8)', -16],
  ]),
  pairwise('bitor', 'any', (left, right) => left | right, [
    ['bitor(10, 8)', 10],
    ['bitor(-10, -8)', -2],
  ]),
  pairwise('bitxor', 'exactly one', (left, right) => left ^ right, [
    ['bitxor(10, 8)', 2],
    ['bitxor(-10, -8)', 14],
  ]),
  define({
    name: 'bitsl',
    parameters: [whole('integer'), integer('distance')],
    returns: 'integer',
    description: 'The integer with its bits shifted to the left; to the right when the distance is negative.',
    examples: [
      ['bitsl(8, 2)', 32],
      ['bitsl(-8, 2)', -32],
    ],
    call: ([value, distance]) => shift(value, distance),
  }),
  define({
    name: 'bitsr',
    parameters: [whole('integer'), integer('distance')],
    returns: 'integer',
    description:
      'The integer with its bits shifted to the right, its sign kept; to the left when the distance is negative.',
    examples: [
      ['bitsr(8, 2)', 2],
      ['bitsr(-8, 6)', -1],
    ],
    call: ([value, distance]) => shift(value, -distance),
  }),
];
