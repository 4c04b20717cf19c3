/** Cases from EMQX's documentation, "The Rule Engine JQ Functions"; and edges around them. */
import { describe, expect, test } from 'vitest';
import { Float } from '../../../rules/value.ts';
import { evaluate, fails, gives } from './cases.ts';

describe('jq', () => {
  gives([
    ["jq('.', '{\"b\": 2}')", [{ b: 2 }]],
    ["jq('.', json_decode('{\"b\": 2}'))", [{ b: 2 }]],
    ["jq('.+1', json_decode('5'))", [6]],
    ["jq('.[]', [1, 'a', [2.5]])", [1, 'a', [2.5]]],
    ["jq('empty', '1')", []],
    ['jq(\'[.a, .b]\', \'{"a": 1, "b": 2}\')', [[1, 2]]],
    ['jq(\'.text\', \'{"text": "two\\nlines, 日本"}\')', ['two\nlines, 日本']],
    ["jq('.', '2.0')", [new Float(2)]],
    ["jq('.a', '{\"a\": 12345678901234567890}')", [12_345_678_901_234_567_890n]],
    ["jq('.', '{\"b\": 2}', 10000)", [{ b: 2 }]],
    // A program may begin with a minus, and is no option of the command jq.
    ["jq('-.a', '{\"a\": 2}')", [-2]],
  ]);
  fails([
    "jq('.[', '{}')",
    "jq('.', 'no json')",
    "jq('error(\"x\")', '{}')",
    "jq('1, 2, error(\"x\")', '{}')",
    "jq('.a.b', '[1]')",
    'jq(5, 5)',
    "jq('.', '1', 'soon')",
    "jq('.', hexstr2bin('ff'))",
    "jq('--help', '1')",
    "jq('-n', '1')",
  ]);

  test('a program that never ends fails when its time is up, and the next program runs', () => {
    const endless = 'def f: f; f';
    expect(() => evaluate(`jq('${endless}', '1', 50)`)).toThrow(/did not end within 50 ms/);
    expect(evaluate("jq('.+1', '1')")).toEqual([2]);
  });

  test('a program cannot see the environment of the process', () => {
    process.env.JQ_TEST_SECRET = 'secret';
    expect(JSON.stringify(evaluate("jq('env', '1')"))).not.toContain('JQ_TEST_SECRET');
    delete process.env.JQ_TEST_SECRET;
  });
});
