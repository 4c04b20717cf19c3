/** Functions of angles, in radians, and their hyperbolic relatives. Outside of a function's domain there is no value, but an error. */
import { float, toDouble } from '../numbers.ts';
import { define, type FunctionEntry, number } from './define.ts';

/** `name`, what it works out, how, and its value at one half (at 1.5 for acosh, which begins at 1). */
const functions: readonly [name: string, meaning: string, how: (value: number) => number, example: number][] = [
  ['sin', 'The sine of an angle', Math.sin, 0.479425538604203],
  ['cos', 'The cosine of an angle', Math.cos, 0.8775825618903728],
  ['tan', 'The tangent of an angle', Math.tan, 0.5463024898437905],
  ['asin', 'The angle whose sine is the number, from -1 to 1', Math.asin, 0.5235987755982989],
  ['acos', 'The angle whose cosine is the number, from -1 to 1', Math.acos, 1.0471975511965979],
  ['atan', 'The angle whose tangent is the number', Math.atan, 0.4636476090008061],
  ['sinh', 'The hyperbolic sine', Math.sinh, 0.5210953054937474],
  ['cosh', 'The hyperbolic cosine', Math.cosh, 1.1276259652063807],
  ['tanh', 'The hyperbolic tangent', Math.tanh, 0.46211715726000974],
  ['asinh', 'The inverse hyperbolic sine', Math.asinh, 0.48121182505960347],
  ['acosh', 'The inverse hyperbolic cosine of a number from 1 on', Math.acosh, 0.9624236501192069],
  ['atanh', 'The inverse hyperbolic tangent of a number between -1 and 1', Math.atanh, 0.5493061443340548],
];

export const trigonometricFunctions: readonly FunctionEntry[] = functions.map(([name, meaning, how, example]) =>
  define({
    name,
    parameters: [number('number')],
    returns: 'float',
    description: `${meaning}.`,
    examples: [[name === 'acosh' ? 'acosh(1.5)' : `${name}(0.5)`, example]],
    call: ([value]) => float(how(toDouble(value))),
  }),
);
