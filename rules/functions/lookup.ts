/** Lookup tables: values that messages lack, by a key that they have. See ../tables/. */
import { Refusal, refuse } from '../refusal.ts';
import type { Tables } from '../tables/tables.ts';
import { isInteger, isText, textOfBytes, type Value } from '../value.ts';
import { type ConstantFault, custom, define, type FunctionEntry, text } from './define.ts';
import { unknownPart } from './unknown-part.ts';

/** Names are known when a rule is loaded, so a wrong one is no surprise of the night. */
const checkTable = ([name]: readonly Value[], tables: Tables): ConstantFault | undefined => {
  if (!isText(name)) return { parameter: 0, reason: "takes the name of a table as a constant: lookup('devices', key)" };
  const wanted = name.toString();
  return tables.find(wanted) === undefined ? unknownPart('table', wanted, tables.names) : undefined;
};

/** A number is the key that its digits are. */
const key = custom('key', 'text | integer', (value): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (isInteger(value)) return String(value);
  if (value instanceof Uint8Array) return textOfBytes(value);
  return refuse('key must be text or a whole number', value) as never;
});

export const lookupFunctions: readonly FunctionEntry[] = [
  define({
    name: 'lookup',
    parameters: [text('table'), key],
    returns: 'any',
    description:
      'The row of a table of the document (`spec.tables`) that has this key: a map, of which `lookup(...).name` is one value. Undefined if no row has it, or the key itself is missing. The name of the table is a constant.',
    examples: [
      ["lookup('devices', 'V1')", { vin: 'V1', owner: 'Ada' }],
      ["lookup('devices', 'V1').owner", 'Ada'],
      ["lookup('devices', 'V2')", undefined],
    ],
    check: (constants, { tables }) => checkTable(constants, tables),
    call: ([name, wanted], { tables }) => {
      if (wanted === undefined) return undefined;
      const table = tables.find(name);
      if (table === undefined) throw new Refusal(`there is no table named ${name}`);
      return table.lookup(wanted);
    },
  }),
];
