/** Functions that turn one type into another. */
import { compact, fixed } from '../formats/float-text.ts';
import { jsonOrUndefined } from '../json.ts';
import { float as asFloat, parseNumber, toDouble } from '../numbers.ts';
import { refuse } from '../refusal.ts';
import { textOf } from '../text.ts';
import { isMap, isNumeric, isText, type Numeric, numericValue, textOfBytes, type Value } from '../value.ts';
import { any, define, type FunctionEntry, float, integer, optional } from './define.ts';
import { rounded } from './math.ts';

/** What Erlang can print. */
const mostDecimals = 253;

const numberFromText = (value: string | Buffer): Numeric => {
  const digits = typeof value === 'string' ? value : textOfBytes(value);
  return parseNumber(digits) ?? (refuse('the text must be a number', value) as never);
};

const toInteger = (value: Value): Value => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isNumeric(value)) return rounded(value, Math.floor);
  return isText(value) ? rounded(numberFromText(value), Math.floor) : refuse('no integer can be made', value);
};

const toFloat = (value: Value, decimals?: number): Value => {
  if (!isNumeric(value) && !isText(value)) return refuse('no float can be made', value);
  const double = toDouble(isNumeric(value) ? value : numberFromText(value));
  if (decimals === undefined) return asFloat(double);
  return decimals > 0 && decimals <= mostDecimals
    ? asFloat(Number(fixed(double, decimals)))
    : refuse(`decimals are 1 to ${mostDecimals}`, decimals);
};

const toBoolean = (value: Value): Value => {
  if (typeof value === 'boolean') return value;
  const plain = isNumeric(value) ? numericValue(value) : isText(value) ? value.toString() : value;
  if (plain === 1 || plain === 'true') return true;
  return plain === 0 || plain === 'false' ? false : refuse("only 1, 0, 'true' and 'false' are true or false", value);
};

const toMap = (value: Value): Value => {
  const decoded = isText(value) ? jsonOrUndefined(value) : value;
  return isMap(decoded) ? decoded : refuse('only the JSON text of an object is a map', value);
};

export const conversionFunctions: readonly FunctionEntry[] = [
  define({
    name: 'str',
    parameters: [any('value')],
    returns: 'text',
    description: 'The value as text: floats with at most 10 decimals, maps and lists as JSON.',
    examples: [
      ['str(1234)', '1234'],
      ['str(2.0)', '2.0'],
      ["str([1, 'a'])", '[1,"a"]'],
      ['str(null)', 'undefined'],
    ],
    call: ([value]) => textOf(value),
  }),
  define({
    name: 'str_utf8',
    parameters: [any('value')],
    returns: 'text',
    description: 'The same as str: text here is always UTF-8.',
    examples: [['str_utf8(7)', '7']],
    call: ([value]) => textOf(value),
  }),
  define({
    name: 'int',
    parameters: [any('value')],
    returns: 'integer',
    description: 'A number, or text that is one, as the largest integer not above it; true is 1, false is 0.',
    examples: [
      ["int('1234')", 1234],
      ["int('-1.5')", -2],
      ['int(true)', 1],
    ],
    call: ([value]) => toInteger(value),
  }),
  define({
    name: 'float',
    parameters: [any('value'), optional(integer('decimals'))],
    returns: 'float',
    description: 'A number, or text that is one, as a float, rounded to `decimals` if given.',
    examples: [
      ["float('3.14')", 3.14],
      ['float(3.14159, 2)', 3.14],
    ],
    call: ([value, decimals]) => toFloat(value, decimals),
  }),
  define({
    name: 'bool',
    parameters: [any('value')],
    returns: 'boolean',
    description: "True for true, 'true' and 1; false for false, 'false' and 0; an error for anything else.",
    examples: [
      ["bool('true')", true],
      ['bool(0)', false],
    ],
    call: ([value]) => toBoolean(value),
  }),
  define({
    name: 'map',
    parameters: [any('value')],
    returns: 'map',
    description: 'The map that JSON text holds; a map stays itself.',
    examples: [['map(\'{"a": 1}\')', { a: 1 }]],
    call: ([value]) => toMap(value),
  }),
  define({
    name: 'str_utf16_le',
    parameters: [any('value')],
    returns: 'bytes',
    description: 'The value as text (see str), in the bytes of UTF-16 with the low byte first.',
    examples: [["bin2hexstr(str_utf16_le('aü'))", '6100FC00']],
    call: ([value]) => Buffer.from(textOf(value), 'utf16le'),
  }),
  define({
    name: 'float2str',
    parameters: [float('float'), integer('decimals')],
    returns: 'text',
    description: 'A float as text with at most `decimals` (0 to 253) digits after the point, zeros at the end cut off.',
    examples: [
      ['float2str(20.2, 10)', '20.2'],
      ['float2str(20.2, 17)', '20.19999999999999928'],
      ['float2str(2.0, 0)', '2'],
    ],
    call: ([value, decimals]) => {
      if (decimals < 0 || decimals > mostDecimals) refuse(`decimals are 0 to ${mostDecimals}`, decimals);
      return compact(value, decimals);
    },
  }),
];
