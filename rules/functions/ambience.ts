/** Functions of what is around a rule: randomness, and the environment of the process. */
import { Float } from '../value.ts';
import { define, type FunctionEntry, text } from './define.ts';

/** Only variables with this beginning can be read, so that a rule cannot send a password out. */
const environmentPrefix = 'EMQXVAR_';

export const ambientFunctions: readonly FunctionEntry[] = [
  define({
    name: 'random',
    parameters: [],
    returns: 'float',
    description: 'A random number from 0 (included) to 1 (excluded).',
    examples: [['random() < 1', true]],
    call: (_none, { random }) => {
      const number = random();
      return number === 0 ? new Float(0) : number;
    },
  }),
  define({
    name: 'uuid_v4',
    parameters: [],
    returns: 'text',
    description: 'A new random UUID.',
    examples: [['strlen(uuid_v4())', 36]],
    call: (_none, { uuid }) => uuid(),
  }),
  define({
    name: 'uuid_v4_no_hyphen',
    parameters: [],
    returns: 'text',
    description: 'A new random UUID without its hyphens.',
    examples: [['strlen(uuid_v4_no_hyphen())', 32]],
    call: (_none, { uuid }) => uuid().replaceAll('-', ''),
  }),
  define({
    name: 'getenv',
    parameters: [text('name')],
    returns: 'text',
    description: `The environment variable ${environmentPrefix}\`name\`; empty if it is not set. Other variables cannot be read.`,
    examples: [["getenv('NOT_SET')", '']],
    call: ([name], { environment }) => environment(environmentPrefix + name) ?? '',
  }),
];
