/** All functions of the rule language by name: what the compiler looks up, and what reference pages and tests go through. */
import { ambientFunctions } from './ambience.ts';
import { arrayFunctions } from './arrays.ts';
import { binaryJsonFunctions } from './binary-json.ts';
import { bitOperations } from './bit-operations.ts';
import { bitFunctions } from './bits.ts';
import { collectionFunctions } from './collections.ts';
import { compressionFunctions } from './compression.ts';
import { conversionFunctions } from './conversions.ts';
import { dateFunctions } from './dates.ts';
import type { FunctionEntry } from './define.ts';
import { encodingFunctions } from './encodings.ts';
import { exceptionFunctions } from './exceptions.ts';
import { hashFunctions } from './hashes.ts';
import { hexFunctions } from './hex.ts';
import { jqFunctions } from './jq.ts';
import { jsonPathFunctions } from './json-path.ts';
import { lookupFunctions } from './lookup.ts';
import { mathFunctions } from './math.ts';
import { messageFunctions } from './messages.ts';
import { placeFunctions } from './places.ts';
import { previousFunctions } from './previous.ts';
import { regexFunctions } from './regex.ts';
import { registrySchemaFunctions } from './registry-schemas.ts';
import { schemaFunctions } from './schemas.ts';
import { sparkplugFunctions } from './sparkplug.ts';
import { stateFunctions } from './state.ts';
import { stringFunctions } from './strings.ts';
import { termFunctions } from './terms.ts';
import { textMakingFunctions } from './text-making.ts';
import { textSearchFunctions } from './text-search.ts';
import { trigonometricFunctions } from './trigonometry.ts';
import { typeFunctions } from './types.ts';
import { unitFunctions } from './units.ts';

/** Groups as the reference shows them. */
export const functionGroups: readonly { readonly title: string; readonly functions: readonly FunctionEntry[] }[] = [
  { title: 'Message', functions: messageFunctions },
  { title: 'Text', functions: [...stringFunctions, ...textSearchFunctions, ...textMakingFunctions] },
  { title: 'Regular expressions', functions: regexFunctions },
  { title: 'Numbers', functions: [...mathFunctions, ...trigonometricFunctions] },
  { title: 'Conversion', functions: conversionFunctions },
  { title: 'Types and missing values', functions: typeFunctions },
  { title: 'Maps and lists', functions: [...collectionFunctions, ...arrayFunctions] },
  { title: 'jq', functions: jqFunctions },
  {
    title: 'Encoding',
    functions: [
      ...encodingFunctions,
      ...jsonPathFunctions,
      ...binaryJsonFunctions,
      ...hexFunctions,
      ...termFunctions,
      ...sparkplugFunctions,
    ],
  },
  { title: 'Places and units', functions: [...placeFunctions, ...unitFunctions] },
  { title: 'Schemas', functions: [...schemaFunctions, ...registrySchemaFunctions] },
  { title: 'Lookup tables', functions: lookupFunctions },
  { title: 'Hashes', functions: hashFunctions },
  { title: 'Compression', functions: compressionFunctions },
  { title: 'Bits', functions: [...bitOperations, ...bitFunctions] },
  { title: 'Time', functions: dateFunctions },
  { title: 'Random numbers and environment', functions: ambientFunctions },
  { title: 'Memory', functions: stateFunctions },
  { title: 'Earlier messages', functions: previousFunctions },
  { title: 'Report by exception', functions: exceptionFunctions },
];

const byName: ReadonlyMap<string, FunctionEntry> = new Map(
  functionGroups.flatMap(({ functions }) => functions.map(entry => [entry.name, entry])),
);

const inAnyCase: ReadonlyMap<string, FunctionEntry> = new Map(
  [...exceptionFunctions, ...previousFunctions].map(entry => [entry.name.toUpperCase(), entry]),
);

/** CHANGED, DEDUP, lag and what else is of earlier messages are written as one likes, as keywords are; the names of all others are exact. */
export const findFunction = (name: string): FunctionEntry | undefined =>
  byName.get(name) ?? inAnyCase.get(name.toUpperCase());

export const functionNames: readonly string[] = [...byName.keys()];

/** Functions of EMQX that are not here, and why: refused by name rather than as a slip of the pen. */
export const missingFunctions: ReadonlyMap<string, string> = new Map();
