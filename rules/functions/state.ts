/**
 * Values that rules keep from one message to the next: kv_store_* for all rules of the process, proc_dict_* for each publisher.
 *
 * In EMQX proc_dict_* belongs to the process that serves the publishing connection, so that each device has values of its own. A bridge
 * behind a broker sees no connections, but often knows who published: by the {clientid} that FROM captures, or the client id of the
 * message. Messages whose publisher is not known share one dictionary.
 */
import { isUtf8 } from 'node:buffer';
import { termText } from '../formats/erlang-terms.ts';
import { kept } from '../memory.ts';
import type { Scope } from '../scope.ts';
import type { Value } from '../value.ts';
import { any, define, type FunctionEntry, optional } from './define.ts';

/** Keys may be any values; 1, 1.0 and '1' are three. Text, in whatever form, is the same key. */
const keyText = (key: Value): string => {
  if (typeof key === 'string') return `text ${key}`;
  if (key instanceof Uint8Array && isUtf8(key)) return `text ${key.toString('utf8')}`;
  return termText(key, { readable: false, unicode: false });
};

const sharedKey = (key: Value): string => `shared ${keyText(key)}`;

const publisherKey = (key: Value, { message, captures, captureNames }: Scope): string => {
  const captured = captures[captureNames.indexOf('clientid')];
  return `of ${JSON.stringify(captured ?? message.clientid ?? null)} ${keyText(key)}`;
};

const orElse = (value: Value, otherwise: Value): Value => (value === undefined ? otherwise : value);

const entries: readonly FunctionEntry[] = [
  define({
    name: 'kv_store_put',
    parameters: [any('key'), any('value')],
    returns: 'boolean',
    description: 'Keeps a value under a key for all rules of this process, and gives true.',
    examples: [["kv_store_put('limit', 80)", true]],
    call: ([key, value], { memory }) => {
      memory.put(sharedKey(key), kept(value));
      return true;
    },
  }),
  define({
    name: 'kv_store_get',
    parameters: [any('key'), optional(any('default'))],
    returns: 'any',
    description: 'The value that kv_store_put keeps under a key; `default` (or undefined) if there is none.',
    examples: [["kv_store_get('nothing here', 7)", 7]],
    call: ([key, otherwise], { memory }) => orElse(memory.get(sharedKey(key)), otherwise),
  }),
  define({
    name: 'kv_store_del',
    parameters: [any('key')],
    returns: 'boolean',
    description: 'Forgets what kv_store_put keeps under a key, and gives true.',
    examples: [["kv_store_del('nothing here')", true]],
    call: ([key], { memory }) => {
      memory.delete(sharedKey(key));
      return true;
    },
  }),
  define({
    name: 'proc_dict_put',
    parameters: [any('key'), any('value')],
    returns: 'any',
    description:
      'Keeps a value under a key for the publisher of the message, and gives the value that was there before.',
    examples: [["is_null(proc_dict_put('speed', 80))", true]],
    call: ([key, value], scope) => scope.memory.put(publisherKey(key, scope), kept(value)),
    ofMessage: true,
  }),
  define({
    name: 'proc_dict_get',
    parameters: [any('key')],
    returns: 'any',
    description: 'The value that proc_dict_put keeps under a key for the publisher of the message.',
    examples: [["is_null(proc_dict_get('nothing here'))", true]],
    call: ([key], scope) => scope.memory.get(publisherKey(key, scope)),
    ofMessage: true,
  }),
  define({
    name: 'proc_dict_del',
    parameters: [any('key')],
    returns: 'any',
    description: 'Forgets what proc_dict_put keeps under a key, and gives the value that was there.',
    examples: [["is_null(proc_dict_del('nothing here'))", true]],
    call: ([key], scope) => scope.memory.delete(publisherKey(key, scope)),
    ofMessage: true,
  }),
];

export const stateFunctions: readonly FunctionEntry[] = entries.map(entry => ({ ...entry, remembers: true }));
