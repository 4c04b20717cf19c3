/**
 * Text from a format and values, as Erlang's io:format makes it: `~F.P.PadC`, where F is the width of the field (negative: to the left),
 * P the precision, Pad the character that fills the field, and C says what to write. F, P and Pad may be `*`, which takes them from
 * the values.
 *
 * Two things are meant for people rather than for Erlang: characters are counted where Erlang counts bytes, and ~p writes one line.
 */
import { mustFit } from '../longest-text.ts';
import { Refusal, refuse } from '../refusal.ts';
import { isInteger, isList, isNumeric, isText, numericValue, textOfBytes, type Value } from '../value.ts';
import { termText } from './erlang-terms.ts';
import { generalText, pointText, scientificText } from './precision.ts';

/** One control sequence. */
interface Control {
  readonly text: string;
  readonly letter: string;
  readonly width: number | undefined;
  readonly left: boolean;
  readonly precision: number | undefined;
  readonly pad: string;
  readonly unicode: boolean;
}

const sequence = /~(-?(?:\d+|\*))?(?:\.(\d+|\*)?(?:\.(.)?)?)?([tlkK]*)(.)?/gsu;

/** A field repeats its padding, so its width has a limit. */
const widest = 1_000_000;

/** Throws Refusal for a sequence that there is not, and for values that are missing, left over, or of a wrong type. */
export const formatText = (format: string, values: readonly Value[]): string => {
  const rest = new Values(values);
  let length = format.length;
  const text = format.replace(sequence, (...found: (string | undefined)[]) => {
    const written = write(readControl(found, rest), rest);
    length += written.length;
    mustFit(length);
    return written;
  });
  rest.finish();
  return text;
};

/** The values that are still to be written. */
class Values {
  readonly #values: readonly Value[];
  #next = 0;

  constructor(values: readonly Value[]) {
    this.#values = values;
  }

  take(control: string): Value {
    if (this.#next >= this.#values.length) throw new Refusal(`there is no value for ${control}`);
    return this.#values[this.#next++];
  }

  finish(): void {
    const left = this.#values.length - this.#next;
    if (left > 0) throw new Refusal(`the format takes ${this.#next} values, and ${left} more are given`);
  }
}

const readControl = (found: readonly (string | undefined)[], values: Values): Control => {
  const [text = '', width, precision, pad, modifiers = '', letter] = found;
  if (letter === undefined) throw new Refusal(`the format ends in ${text}`);
  const field = count(width?.replace('-', ''), text, values);
  const digits = count(precision, text, values);
  const fill = pad === '*' ? characterOf(values.take(text)) : (pad ?? ' ');
  const left = width?.startsWith('-') === true || (field ?? 0) < 0;
  const size = field === undefined ? undefined : Math.abs(field);
  return { text, letter, width: size, left, precision: digits, pad: fill, unicode: modifiers.includes('t') };
};

const count = (digits: string | undefined, control: string, values: Values): number | undefined => {
  if (digits === undefined) return undefined;
  const found = digits === '*' ? wholeNumber(values.take(control), control) : Number(digits);
  if (Math.abs(Number(found)) > widest) throw new Refusal(`${control} asks for more than ${widest} characters`);
  return Number(found);
};

const wholeNumber = (value: Value, control: string): number | bigint =>
  isInteger(value) ? value : refuse(`${control} takes a whole number`, value);

const characterOf = (value: Value): string => {
  const code = Number(wholeNumber(value, '~c'));
  if (code < 0 || code > 0x10ffff) refuse('there is no character with this code', value);
  return String.fromCodePoint(code);
};

type Writer = (control: Control, values: Values) => string;

const write: Writer = (control, values) => {
  const writer = writers[control.letter];
  if (writer === undefined) throw new Refusal(`there is no control sequence ${control.text}`);
  return writer(control, values);
};

const takesFloat = ({ text }: Control, values: Values): number => {
  const value = values.take(text);
  return isNumeric(value) && !isInteger(value)
    ? Number(numericValue(value))
    : (refuse(`${text} takes a float`, value) as never);
};

const integerWriter =
  (upper: boolean, prefixOf: (base: number, values: Values) => string): Writer =>
  (control, values) => {
    const value = wholeNumber(values.take(control.text), control.text);
    const base = control.precision ?? 10;
    if (base < 2 || base > 36) throw new Refusal(`a base is 2 to 36, not ${base}`);
    const prefix = prefixOf(base, values);
    const digits = value.toString(base).replace('-', '');
    return whole(`${value < 0 ? '-' : ''}${prefix}${upper ? digits.toUpperCase() : digits}`, control);
  };

const noPrefix = (): string => '';
const basePrefix = (base: number): string => `${base}#`;
const givenPrefix = (_base: number, values: Values): string => characters(values.take('~x'));

const termWriter =
  (readable: boolean): Writer =>
  (control, values) => {
    const text = termText(values.take(control.text), { readable, unicode: control.unicode });
    // ~p uses width and precision to break lines, and lines are not broken here.
    return readable ? text : whole(text, control);
  };

const floatWriter =
  (how: (value: number, precision: number) => string): Writer =>
  (control, values) =>
    whole(how(takesFloat(control, values), control.precision ?? 6), control);

/** A character as often as the precision says, in its field; without a precision, as often as the width says. */
const repeated = (character: string, control: Control): string => {
  const { width, precision } = control;
  const text = character.repeat(precision ?? width ?? 1);
  return precision === undefined ? text : whole(text, control);
};

const writers: Readonly<Record<string, Writer>> = {
  '~': control => repeated('~', control),
  n: ({ width }) => '\n'.repeat(width ?? 1),
  c: (control, values) => repeated(characterOf(values.take(control.text)), control),
  s: (control, values) => cut(characters(values.take(control.text)), control),
  w: termWriter(false),
  p: termWriter(true),
  i: (control, values) => {
    values.take(control.text);
    return '';
  },
  b: integerWriter(false, noPrefix),
  B: integerWriter(true, noPrefix),
  x: integerWriter(false, givenPrefix),
  X: integerWriter(true, givenPrefix),
  '+': integerWriter(false, basePrefix),
  '#': integerWriter(true, basePrefix),
  f: floatWriter(pointText),
  e: floatWriter(scientificText),
  g: floatWriter(generalText),
};

const fill = (text: string, length: number, size: number, { left, pad }: Control): string => {
  const padding = pad.repeat(Math.max(0, size - length));
  return left ? text + padding : padding + text;
};

/** Text in its field; what does not fit is shown as stars, since a part of a number would mislead. */
const whole = (text: string, control: Control): string => {
  const { width } = control;
  if (width === undefined) return text;
  return text.length > width ? '*'.repeat(width) : fill(text, text.length, width, control);
};

/** Text in its field, cut to the precision, or to the field's width. A precision alone fills up at the end. */
const cut = (text: string, control: Control): string => {
  const { width, precision } = control;
  const size = precision ?? width;
  if (size === undefined) return text;
  if (width !== undefined && precision !== undefined && precision > width) {
    throw new Refusal(`the precision of ${control.text} is larger than its width`);
  }
  const shown = [...text].slice(0, size);
  if (precision === undefined) return fill(shown.join(''), shown.length, size, control);
  const exactly = fill(shown.join(''), shown.length, precision, { ...control, left: true });
  return fill(exactly, precision, width ?? precision, control);
};

/** What ~s takes: text, bytes, true, false, null and undefined by name, and lists of those and of codes of characters. */
const characters = (value: Value): string => {
  if (typeof value === 'string') return value;
  if (isText(value)) return textOfBytes(value);
  if (isList(value)) return value.map(item => (isInteger(item) ? characterOf(item) : characters(item))).join('');
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  return refuse('~s takes text', value) as never;
};
