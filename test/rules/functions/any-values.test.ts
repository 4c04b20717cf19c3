/** Whatever a message holds, a function gives a value or refuses; it does not fall over its own feet. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { systemAmbient } from '../../../rules/ambient.ts';
import { BitString } from '../../../rules/bit-string.ts';
import { exampleMessage } from '../../../rules/example-message.ts';
import type { FunctionEntry } from '../../../rules/functions/define.ts';
import { functionGroups } from '../../../rules/functions/registry.ts';
import { exampleSchemas } from '../../../rules/functions/schema-examples.ts';
import { exampleTables } from '../../../rules/functions/table-examples.ts';
import { Memory } from '../../../rules/memory.ts';
import { Refusal } from '../../../rules/refusal.ts';
import type { Scope } from '../../../rules/scope.ts';
import { Float, type Value } from '../../../rules/value.ts';

const frozen = <T extends object>(value: T): T => Object.freeze(value);

const words = fc.constantFrom(
  '',
  'a',
  'second',
  'bits',
  'signed',
  'little',
  'both',
  'Z',
  'local',
  '%Y~s',
  '[',
  '日本',
  '{}',
  '1.5',
  '\\x41',
  'md5',
  'Payload',
  'point',
  'person',
  'speed',
);
const { value: anyValue } = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    words,
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom<Value>(
      undefined,
      null,
      true,
      false,
      0,
      1,
      -1,
      8,
      1.5,
      2 ** 31,
      10n ** 30n,
      -(10n ** 30n),
      new Float(2),
      new Float(1e300),
    ),
    fc.integer({ min: -300, max: 300 }),
    fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes)),
    fc.constant(new BitString(5n, 3)),
    fc.array(tie('value'), { maxLength: 4 }).map(frozen),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'topic', 'seq', 'name', '__proto__'), tie('value'), { maxKeys: 3 })
      .map(frozen),
  ),
}));

const scope: Scope = {
  ...systemAmbient,
  undo: undefined,
  memory: new Memory(10),
  schemas: exampleSchemas,
  tables: exampleTables(),
  message: exampleMessage({ topic: 'a/b', payload: 'x' }),
  captureNames: [],
  captures: [],
  turn: 0,
  elementTurn: 0,
  element: undefined,
};

const attempt = (entry: FunctionEntry, values: readonly Value[]): void => {
  const read = values.map((value, at) => (entry.parameters[at] ?? entry.rest!).read(value));
  entry.call(read, scope);
};

const least = ({ parameters }: FunctionEntry): number => parameters.filter(({ optional }) => !optional).length;
const most = ({ parameters, rest }: FunctionEntry): number => parameters.length + (rest === undefined ? 0 : 2);

// jq has a test of its own: its calls take a millisecond each.
const entries = functionGroups.flatMap(({ functions }) => functions).filter(({ name }) => name !== 'jq');

test.each(entries.map(entry => [entry.name, entry] as const))('%s gives a value or refuses', (_name, entry) => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: least(entry), maxLength: most(entry) }), values => {
      try {
        attempt(entry, values);
      } catch (error) {
        expect(error instanceof Refusal || MkbError.is(error) ? undefined : error).toBeUndefined();
      }
    }),
    { numRuns: 300 },
  );
});
