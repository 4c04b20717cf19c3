/** All functions of the rule language by name: what the compiler looks up, and what reference pages and tests go through. */
import { bitFunctions } from './bits.ts';
import { collectionFunctions } from './collections.ts';
import { conversionFunctions } from './conversions.ts';
import { dateFunctions } from './dates.ts';
import type { FunctionEntry } from './define.ts';
import { encodingFunctions } from './encodings.ts';
import { mathFunctions } from './math.ts';
import { messageFunctions } from './messages.ts';
import { stringFunctions } from './strings.ts';
import { typeFunctions } from './types.ts';

/** Groups as the reference shows them. */
export const functionGroups: readonly { readonly title: string; readonly functions: readonly FunctionEntry[] }[] = [
  { title: 'Message', functions: messageFunctions },
  { title: 'Text', functions: stringFunctions },
  { title: 'Numbers', functions: mathFunctions },
  { title: 'Conversion', functions: conversionFunctions },
  { title: 'Types and missing values', functions: typeFunctions },
  { title: 'Maps and lists', functions: collectionFunctions },
  { title: 'Encoding and hashes', functions: encodingFunctions },
  { title: 'Bits', functions: bitFunctions },
  { title: 'Time', functions: dateFunctions },
];

const byName: ReadonlyMap<string, FunctionEntry> = new Map(
  functionGroups.flatMap(({ functions }) => functions.map(entry => [entry.name, entry])),
);

export const findFunction = (name: string): FunctionEntry | undefined => byName.get(name);

export const functionNames: readonly string[] = [...byName.keys()];
