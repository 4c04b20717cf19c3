/** Functions that read the message itself, whatever aliases and captures are called; and what comes from outside of it. */

import { columns } from '../columns.ts';
import { readKey } from '../paths.ts';
import { Refusal } from '../refusal.ts';
import type { Scope } from '../scope.ts';
import type { Value } from '../value.ts';
import { define, type FunctionEntry, integer, optional, text } from './define.ts';

const read = (name: string, scope: Scope): Value => columns.find(each => each.name === name)?.read(scope.message);

const level = (topic: string, number: number): string => {
  const found = number > 0 ? topic.split('/')[number - 1] : undefined;
  if (found === undefined) throw new Refusal(`the topic ${topic} has no level ${number}`);
  return found;
};

const reader = (name: string, column: string, returns: string, example: Value): FunctionEntry =>
  define({
    name,
    parameters: [],
    returns,
    description: `The message’s ${column}.`,
    examples: [[`${name}()`, example]],
    call: (_none, scope) => read(column, scope),
  });

export const messageFunctions: readonly FunctionEntry[] = [
  define({
    name: 'topic',
    parameters: [optional(integer('level'))],
    returns: 'text',
    description: 'The message’s topic, or one level of it; the first is 1.',
    examples: [
      ['topic()', 'cars/7/speed'],
      ['topic(2)', '7'],
    ],
    call: ([number], { message }) => (number === undefined ? message.topic : level(message.topic ?? '', number)),
  }),
  reader('clientid', 'clientid', 'text', 'c7'),
  reader('username', 'username', 'text', 'ada'),
  reader('peerhost', 'peerhost', 'text', undefined),
  reader('clientip', 'peerhost', 'text', undefined),
  reader('qos', 'qos', 'integer', 1),
  reader('flags', 'flags', 'map', { retain: false, dup: false }),
  reader('payload', 'payload', 'bytes', '{"speed": 80}'),
  define({
    name: 'msgid',
    parameters: [],
    returns: 'text',
    description: 'The message’s id.',
    examples: [['is_str(msgid())', true]],
    call: (_none, { message }) => message.id,
  }),
  define({
    name: 'flag',
    parameters: [text('name')],
    returns: 'boolean',
    description: "One of the message's flags: 'retain' or 'dup'.",
    examples: [["flag('retain')", false]],
    call: ([name], scope) => readKey(read('flags', scope), name),
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
];
