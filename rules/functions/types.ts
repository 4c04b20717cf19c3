/** Functions that ask for a value's type, and that choose a value that is there. */
import type { AnyMessage } from '../columns.ts';
import { sameValue } from '../compare.ts';
import { jsonOrUndefined } from '../json.ts';
import { isInteger, isList, isMap, isNumeric, isText, type Value } from '../value.ts';
import { any, define, type FunctionEntry, map } from './define.ts';

const test = (
  name: string,
  description: string,
  examples: FunctionEntry['examples'],
  holds: (value: Value) => boolean,
): FunctionEntry =>
  define({
    name,
    parameters: [any('value')],
    returns: 'boolean',
    description,
    examples,
    call: ([value]) => holds(value),
  });

const isEmpty = (value: Value): boolean => {
  if (isEmptyText(value)) return true;
  if (isList(value)) return value.length === 0;
  return Object.keys(map('value').read(value)).length === 0;
};

/** What is decoded is kept by the message for the paths that follow. */
const isJson = (message: AnyMessage): boolean => {
  try {
    message.json();
    return true;
  } catch {
    return false;
  }
};

/** One argument that is a list stands for its elements. */
const candidates = (values: readonly Value[]): readonly Value[] => {
  const [only] = values;
  return values.length === 1 && isList(only) ? only : values;
};

const isEmptyText = (value: Value): boolean => isText(value) && value.length === 0;

export const typeFunctions: readonly FunctionEntry[] = [
  test(
    'is_null',
    'Whether the value is undefined: a missing column or key. JSON’s null is a value.',
    [
      ['is_null(payload.missing)', true],
      ["is_null(json_decode('null'))", false],
    ],
    value => value === undefined,
  ),
  test('is_not_null', 'Whether the value is not undefined.', [['is_not_null(7)', true]], value => value !== undefined),
  test(
    'is_null_var',
    'Whether the value is undefined or JSON’s null.',
    [["is_null_var(json_decode('null'))", true]],
    value => value === undefined || value === null,
  ),
  test(
    'is_not_null_var',
    'Whether the value is neither undefined nor JSON’s null.',
    [["is_not_null_var('')", true]],
    value => value !== undefined && value !== null,
  ),
  test('is_str', 'Whether the value is text or bytes.', [["is_str('a')", true]], isText),
  test('is_bool', 'Whether the value is true or false.', [['is_bool(false)', true]], v => typeof v === 'boolean'),
  test('is_int', 'Whether the value is an integer.', [['is_int(2.0)', false]], isInteger),
  test('is_float', 'Whether the value is a float.', [['is_float(2.0)', true]], v => isNumeric(v) && !isInteger(v)),
  test('is_num', 'Whether the value is a number.', [["is_num('2')", false]], isNumeric),
  test('is_map', 'Whether the value is a map.', [['is_map(flags)', true]], isMap),
  test('is_array', 'Whether the value is a list.', [['is_array([1, 2])', true]], isList),
  define({
    name: 'is_json',
    parameters: [any('value')],
    returns: 'boolean',
    description:
      'Whether the value is text or bytes that are JSON; of a payload, whether paths lead into it. Guard a rule with it: `WHERE is_json(payload) AND payload.x > 3`.',
    examples: [
      ['is_json(payload)', true],
      ["is_json('online')", false],
      ['is_json(payload.missing)', false],
    ],
    call: ([value], { message }) =>
      isText(value) && (value === message.payload ? isJson(message) : jsonOrUndefined(value) !== undefined),
  }),
  define({
    name: 'is_empty',
    parameters: [any('value')],
    returns: 'boolean',
    description:
      "Whether a list, a map or text holds nothing; the text '{}' is an empty map, and other text must be JSON of an object.",
    examples: [
      ["is_empty('')", true],
      ['is_empty([0])', false],
      ["is_empty('{}')", true],
    ],
    call: ([value]) => isEmpty(value),
  }),
  define({
    name: 'coalesce',
    parameters: [any('first')],
    rest: any('more'),
    returns: 'any',
    description:
      'The first value that is not undefined, of the arguments or of one list; undefined if there is none. Arguments after it are not worked out.',
    examples: [
      ['coalesce(payload.missing, 7)', 7],
      ['coalesce([payload.missing, 7])', 7],
    ],
    accepts: value => value !== undefined,
    call: values => candidates(values).find(value => value !== undefined),
  }),
  define({
    name: 'coalesce_ne',
    parameters: [any('first')],
    rest: any('more'),
    returns: 'any',
    description: 'The first value that is neither undefined nor empty text. Arguments after it are not worked out.',
    examples: [["coalesce_ne('', 'x')", 'x']],
    accepts: value => value !== undefined && !isEmptyText(value),
    call: values => candidates(values).find(value => value !== undefined && !isEmptyText(value)),
  }),
  define({
    name: 'ifnull',
    parameters: [any('first')],
    rest: any('more'),
    returns: 'any',
    description:
      'The first value that is neither undefined nor JSON’s null, of the arguments or of one list; undefined if there is none. Arguments after it are not worked out.',
    examples: [
      ["ifnull(json_decode('null'), 7)", 7],
      ['ifnull(payload.missing, 7)', 7],
    ],
    accepts: value => value !== undefined && value !== null,
    call: values => candidates(values).find(value => value !== undefined && value !== null),
  }),
  define({
    name: 'null',
    parameters: [],
    returns: 'undefined',
    description: 'Undefined, the value of what is not there.',
    examples: [['is_null(null())', true]],
    call: () => undefined,
  }),
  define({
    name: 'eq',
    parameters: [any('left'), any('right')],
    returns: 'boolean',
    description: 'Whether both have the same value; 1 and 1.0 have, 1 and the text 1 have not.',
    examples: [
      ['eq(1, 1.0)', true],
      ["eq(1, '1')", false],
    ],
    call: ([left, right]) => sameValue(left, right),
  }),
];
