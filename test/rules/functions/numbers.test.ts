/** Cases from EMQX's documentation, "Built-in SQL Functions": Mathematical Functions, Bit Operation Functions; and edges around them. */
import { describe } from 'vitest';
import { Float } from '../../../rules/value.ts';
import { fails, gives } from './cases.ts';

describe('mathematical functions', () => {
  gives([
    ['abs(-12)', 12],
    ['abs(-1.2)', 1.2],
    ['ceil(0.8)', 1],
    ['floor(3.6)', 3],
    ['round(4.5)', 5],
    ['round(-4.5)', -5],
    ['fmod(6.5, 2.5)', 1.5],
    ['fmod(-6.5, 2)', -0.5],
    ['fmod(-32, 5)', new Float(-2)],
    ['log(7.38905609893065)', new Float(2)],
    ['log10(100)', new Float(2)],
    ['log10(1000)', new Float(3)],
    ['log2(8)', new Float(3)],
    ['log2(8.5)', 3.0874628412503395],
    ['power(2, 3)', new Float(8)],
    ['power(2, 10)', new Float(1024)],
    ['power(2, 0.5)', Math.SQRT2],
    ['sqrt(9)', new Float(3)],
    ['exp(0)', new Float(1)],
    ['cosh(1.5)', 2.352409615243247],
    ['is_float(sqrt(9))', true],
    ['abs(-12345678901234567890)', 12_345_678_901_234_567_890n],
    ['div(7, -2)', -3],
    ['mod(-7, 2)', -1],
    ['div(12345678901234567890, 10)', 1_234_567_890_123_456_789n],
  ]);
  fails([
    'log(0)',
    'log(-1)',
    'log10(0)',
    'sqrt(-1)',
    'acos(1.1)',
    'asin(-2)',
    'acosh(0.5)',
    'atanh(1)',
    'exp(1000)',
    'power(10, 400)',
    'fmod(1, 0)',
    'div(1, 0)',
    'mod(1, 0)',
    'div(1.0, 2)',
    "sin('1')",
    'cos(payload.missing)',
    'tan(true)',
  ]);
});

describe('bit operations', () => {
  gives([
    ['bitand(10, 8)', 8],
    ['bitand(-10, -8)', -16],
    ['bitnot(10)', -11],
    ['bitnot(-12)', 11],
    ['bitsl(8, 2)', 32],
    ['bitsl(-8, 2)', -32],
    ['bitsl(8, -2)', 2],
    ['bitsl(1, 64)', 18_446_744_073_709_551_616n],
    ['bitsr(8, 2)', 2],
    ['bitsr(8, 4)', 0],
    ['bitsr(-8, 2)', -2],
    ['bitsr(-8, 6)', -1],
    ['bitsr(8, -2)', 32],
    ['bitsr(18446744073709551616, 64)', 1],
    ['bitor(10, 8)', 10],
    ['bitor(-10, -8)', -2],
    ['bitxor(10, 8)', 2],
    ['bitxor(-10, -8)', 14],
    ['bitnot(0)', -1],
  ]);
  fails(['bitand(1.5, 1)', "bitor('1', 1)", 'bitsl(1, 100000000000)', 'bitsr(1, -100000000000)', 'bitnot(2.0)']);
});
