/** Values as Erlang programs store and send them. */
import { decodeTerm, encodeTerm } from '../formats/external-term.ts';
import { Float } from '../value.ts';
import { any, bytes, define, type FunctionEntry } from './define.ts';

export const termFunctions: readonly FunctionEntry[] = [
  define({
    name: 'term_encode',
    parameters: [any('value')],
    returns: 'bytes',
    description: "The value in Erlang's external term format.",
    examples: [["bin2hexstr(term_encode('abc'))", '836D00000003616263']],
    call: ([value]) => encodeTerm(value),
  }),
  define({
    name: 'term_decode',
    parameters: [bytes('data')],
    returns: 'any',
    description:
      "The value that bytes in Erlang's external term format hold; tuples become lists, and atoms but true, false, null and undefined become text.",
    examples: [['term_decode(term_encode([1, 2.0, true]))', [1, new Float(2), true]]],
    call: ([data]) => decodeTerm(data),
  }),
];
