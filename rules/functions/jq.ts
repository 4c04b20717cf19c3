/** jq programs: see ../jq/jq.ts for how they run, and what they cost. */
import { encodeJson } from '../json.ts';
import { isText } from '../value.ts';
import { any, define, type FunctionEntry, integer, optional, text } from './define.ts';

/** Timers take no more than 2^31 milliseconds. */
const limitOf = (milliseconds: number): number => Math.min(Math.max(1, milliseconds), 2 ** 30);

export const jqFunctions: readonly FunctionEntry[] = [
  define({
    name: 'jq',
    parameters: [text('program'), any('input'), optional(integer('milliseconds'))],
    returns: 'list',
    description:
      'All outputs of a jq program, in a list. Text as input is JSON. The program may run as long as `delivery.limits.ruleTime` says (1 s), unless the third argument gives other milliseconds; the message waits for it, and those behind it. A call costs about a millisecond: prefer paths and functions where they do.',
    examples: [
      ['jq(\'.a, .b\', \'{"a": 1, "b": [2]}\')', [1, [2]]],
      ["jq('.speed * 2', payload)", [160]],
    ],
    call: ([program, input, milliseconds], { jq, costs }) =>
      jq(program, isText(input) ? input.toString() : encodeJson(input), limitOf(milliseconds ?? costs.ruleTimeMs)),
  }),
];
