/** Functions that ask for a value's type, and that choose a value that is there. */
import { identical } from '../compare.ts';
import { isInteger, isList, isMap, isNumeric, isText, type Value } from '../value.ts';
import { any, define, type FunctionEntry } from './define.ts';

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
    name: 'coalesce',
    parameters: [any('first')],
    rest: any('more'),
    returns: 'any',
    description: 'The first value that is not undefined; undefined if there is none.',
    examples: [['coalesce(payload.missing, 7)', 7]],
    call: values => values.find(value => value !== undefined),
  }),
  define({
    name: 'coalesce_ne',
    parameters: [any('first')],
    rest: any('more'),
    returns: 'any',
    description: 'The first value that is neither undefined nor empty text.',
    examples: [["coalesce_ne('', 'x')", 'x']],
    call: values => values.find(value => value !== undefined && !isEmptyText(value)),
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
    description: 'Whether both are the same in type and value: 1 and 1.0 are not.',
    examples: [
      ['eq(1, 1)', true],
      ['eq(1, 1.0)', false],
    ],
    call: ([left, right]) => identical(left, right),
  }),
];
