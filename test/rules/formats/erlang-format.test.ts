/** What Erlang/OTP 25's io_lib:format gives for the same formats and values; the control sequences are those of its io:fwrite. */
import { describe, expect, test } from 'vitest';
import { BitString } from '../../../rules/bit-string.ts';
import { formatText } from '../../../rules/formats/erlang-format.ts';
import { Refusal } from '../../../rules/refusal.ts';
import { Float, type Value } from '../../../rules/value.ts';

type Case = readonly [format: string, values: readonly Value[], text: string];

describe('formats', () => {
  test.each<Case>([
    ['hello, ~s!', ['steve'], 'hello, steve!'],
    ['count: ~p~n', [100], 'count: 100\n'],
    ['~p ~w ~s', ['abc', 'abc', 'abc'], '<<"abc">> <<97,98,99>> abc'],
    ['~p|~p|~p|~p', [1.5, new Float(2), new Float(1e20), 1e-5], '1.5|2.0|1.0e20|1.0e-5'],
    [
      '~p|~p|~w',
      [
        [1, 2, 3],
        [97, 98],
        [97, 98],
      ],
      '[1,2,3]|"ab"|[97,98]',
    ],
    ['~p', [{ b: 1, a: { c: '' } }], '#{<<"a">> => #{<<"c">> => <<>>},<<"b">> => 1}'],
    ['~w', [{ a: ['x', true, null] }], '#{<<97>> => [<<120>>,true,null]}'],
    ['~p ~w ~p', [true, undefined, []], 'true undefined []'],
    ['~p', ['a\nb"c'], '<<"a\\nb\\"c">>'],
    [
      '~p ~p',
      [
        [10, 97],
        [0, 97],
      ],
      '"\\na" [0,97]',
    ],
    ['~p', [Buffer.of(0, 1, 2)], '<<0,1,2>>'],
    ['~p ~p', [-0.5, 12_345_678_901_234_567_890n], '-0.5 12345678901234567890'],
    ['~w', [new BitString(5n, 3)], '<<5:3>>'],
    ['~w', [new BitString((97n << 3n) | 5n, 11)], '<<97,5:3>>'],
    ['~5w|~-5w|~3..0w|~2w', [1, 2, 7, 123], '    1|2    |007|**'],
    [
      '~10s|~-10s|~5.3s|~.3s|~.5s|~6.5s',
      ['ab', 'ab', 'abcdef', 'abcdef', 'ab', 'ab'],
      '        ab|ab        |  abc|abc|ab   | ab   ',
    ],
    ['~s ~s', [[97, [98, 'c']], undefined], 'abc undefined'],
    ['~b|~.16b|~.16B|~.36B|~.4b', [255, 255, 255, 35, -10], '255|ff|FF|Z|-22'],
    ['~5.16b|~-8.2.0b|~2b', [255, 5, 123], '   ff|10100000|**'],
    ['~.16#|~.16+|~#|~.16X', [255, -255, 255, -255, '0x'], '16#FF|-16#ff|10#255|-0xFF'],
    ['~f|~.2f|~10.2f|~3.2f|~-8.1f', [1.5, 1.005, 1.5, 123.456, 2.5], '1.500000|1.00|      1.50|***|2.5     '],
    ['~.2f|~.2f|~.1f|~.3f|~.2f', [1.115, 2.675, 0.25, 1.0005, 99.999], '1.11|2.67|0.3|1.000|100.00'],
    ['~f|~.25f|~.1f', [123456789.12345679, 0.1, new Float(0)], '123456789.123457|0.1000000000000000055510000|0.0'],
    [
      '~e|~.3e|~.10e|~e|~.3e',
      [1.5, 123.456, new Float(9.99999e10), 9.9999999, 0.0009995],
      '1.50000e+0|1.23e+2|9.999990000e+10|1.00000e+1|9.99e-4',
    ],
    [
      '~g|~g|~g|~.3g|~g',
      [1.5, new Float(1e10), 0.01, 1234.5, new Float(0)],
      '1.50000|1.00000e+10|1.00000e-2|1.23e+3|0.00000e+0',
    ],
    [
      '~g|~g|~.2g|~.1g|~g|~g',
      [9999.99, 0.099999, 9.96, 0.5, 0.1, new Float(100)],
      '9999.99|9.99990e-2|10.0|0.5|0.100000|100.000',
    ],
    ['~c|~3c|~5.3c|~~|~5n|~5~', [65, 65, 66], 'A|AAA|  BBB|~|\n\n\n\n\n|~~~~~'],
    ['~i~w', [1, 2], '2'],
    ['~*w|~-*w|~*w|', [5, 1, 5, 1, -3, 2], '    1|1    |2  |'],
    ['~5..*w|~*.*.*w', [120, 1, 6, 3, 48, 7], 'xxxx1|000007'],
    ['~ts', ['€ü'], '€ü'],
    ['~p ~tp', ['€', '€'], '<<226,130,172>> <<"€"/utf8>>'],
    ['', [], ''],
  ])('%s of %o is %s', (format, values, text) => {
    expect(formatText(format, values)).toBe(text);
  });

  test.each<readonly [string, readonly Value[]]>([
    ['~s', []],
    ['~s', ['a', 'b']],
    ['a~', []],
    ['~q', [1]],
    ['~f', [1]],
    ['~.0f', [1.5]],
    ['~.1e', [1.5]],
    ['~b', [1.5]],
    ['~.37b', [1]],
    ['~.1b', [1]],
    ['~s', [12]],
    ['~c', ['a']],
    ['~c', [-1]],
    ['~3.5s', ['abcdef']],
    ['~100000000w', [1]],
    ['~*w', [100_000_000, 1]],
    ['~*w', ['a', 1]],
  ])('%s of %o is refused', (format, values) => {
    expect(() => formatText(format, values)).toThrow(Refusal);
  });
});
