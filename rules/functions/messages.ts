/** Functions that read the message itself, whatever aliases and captures are called; and what comes from outside of it. */

import { columns } from '../columns.ts';
import { readKey } from '../paths.ts';
import { Refusal } from '../refusal.ts';
import type { Scope } from '../scope.ts';
import { filterMatches } from '../topic-filter.ts';
import { isMap, isText, type Value } from '../value.ts';
import { define, type FunctionEntry, integer, list, optional, text } from './define.ts';

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
    ofMessage: true,
  });

/** Whether a topic of the list is accepted. The last one that is decides about the QoS in EMQX; here any may. */
const hasTopic = (filters: readonly Value[], qos: number | undefined, accepts: (topic: string) => boolean): boolean =>
  filters.some(each => {
    const topic = isMap(each) ? readKey(each, 'topic') : each;
    if (!isText(topic) || !accepts(topic.toString())) return false;
    return qos === undefined || readKey(each, 'qos') === qos;
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
    ofMessage: true,
  }),
  reader('clientid', 'clientid', 'text', 'c7'),
  reader('username', 'username', 'text', 'ada'),
  reader('peerhost', 'peerhost', 'text', undefined),
  reader('clientip', 'peerhost', 'text', undefined),
  reader('qos', 'qos', 'integer', 1),
  reader('flags', 'flags', 'map', { retain: false, dup: false }),
  define({
    name: 'payload',
    parameters: [optional(text('path'))],
    returns: 'bytes | any',
    description:
      'The message’s payload, or what is under a path of keys inside its JSON; undefined where there is nothing.',
    examples: [
      ['payload()', '{"speed": 80}'],
      ["payload('speed')", 80],
    ],
    call: ([path], { message }) =>
      path === undefined ? message.payload : path.split('.').reduce<Value>(readKey, message.payload),
    ofMessage: true,
  }),
  define({
    name: 'msgid',
    parameters: [],
    returns: 'text',
    description: 'The message’s id.',
    examples: [['is_str(msgid())', true]],
    call: (_none, { message }) => message.id,
    ofMessage: true,
  }),
  define({
    name: 'flag',
    parameters: [text('name')],
    returns: 'boolean',
    description: "One of the message's flags: 'retain' or 'dup'.",
    examples: [["flag('retain')", false]],
    call: ([name], scope) => readKey(read('flags', scope), name),
    ofMessage: true,
  }),
  define({
    name: 'contains_topic',
    parameters: [list('filters'), text('topic'), optional(integer('qos'))],
    returns: 'boolean',
    description:
      'Whether a list of topics (text, or maps with `topic` and `qos`) has this one, and with this QoS if it is given.',
    examples: [
      ["contains_topic(['a/b', 'c'], 'c')", true],
      ['contains_topic(json_decode(\'[{"topic": "a", "qos": 1}]\'), \'a\', 2)', false],
    ],
    call: ([filters, topic, qos]) => hasTopic(filters, qos, found => found === topic),
  }),
  define({
    name: 'contains_topic_match',
    parameters: [list('filters'), text('filter'), optional(integer('qos'))],
    returns: 'boolean',
    description: 'As contains_topic, for any topic of the list that `filter` (with + and #) matches.',
    examples: [["contains_topic_match(['a/b', 'c'], 'a/+')", true]],
    call: ([filters, filter, qos]) => hasTopic(filters, qos, found => filterMatches(filter, found)),
  }),
];
