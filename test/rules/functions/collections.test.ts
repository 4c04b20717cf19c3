/** Cases from EMQX's documentation, "Built-in SQL Functions": Map and Array Operation Functions; and edges around them. */
import { describe, expect, test } from 'vitest';
import { evaluate, fails, gives } from './cases.ts';

const payload =
  '{"map": {"b": 1, "a": {"c": null}}, "list": [1, 2, 3], "none": [], "text": "{\\"x\\": 7}", "dotted": {"a.b": 3}}';

describe('maps', () => {
  gives(
    [
      ['map_get(\'msg\', json_decode(\'{"msg": "hello"}\'))', 'hello'],
      ['map_get(\'data\', json_decode(\'{"msg": "hello"}\'))', undefined],
      ["map_get('data', json_decode('{\"msg\": \"hello\"}'), '')", ''],
      ["map_get('value', json_decode('{\"data\": [1.2, 1.3]}'), [])", []],
      ["map_get('map.a', payload)", { c: null }],
      ["map_get('map.a.c', payload, 5)", null],
      ["map_get('x', payload.text)", 7],
      ["map_get('x', 5, 'other')", 'other'],
      ["map_get('toString', payload.map)", undefined],
      ["map_get('b', map_put('b', 1, json_decode('{\"a\": 1}')))", 1],
      ["map_get('a', map_put('a', 2, json_decode('{\"a\": 1}')))", 2],
      ["map_put('a.d', 2, payload.map)", { b: 1, a: { c: null, d: 2 } }],
      ["map_put('x.y', 1, map_new())", { x: { y: 1 } }],
      ['map_keys(payload.map)', ['a', 'b']],
      ['map_keys(payload.text)', ['x']],
      ['map_keys(map_new())', []],
      ['map_values(json_decode(\'{"a": 1, "b": 2}\'))', [1, 2]],
      [
        'map_to_entries(json_decode(\'{"a": 1, "b": 2}\'))',
        [
          { key: 'a', value: 1 },
          { key: 'b', value: 2 },
        ],
      ],
      ['map_to_entries(map_new())', []],
      ['map_size(payload.map)', 2],
      ["map_size('{}')", 0],
      ['mget(\'c\', json_decode(\'{"a": {"b": 1}}\'))', undefined],
      ["mget(['a', 'b'], json_decode('{\"a\": {\"b\": 1}}'))", 1],
      ["mget('a.b', payload.dotted)", 3],
      ["mget('a', '{\"a\" : 1}')", 1],
      ["mget('z', payload.map, 'none')", 'none'],
      ["mget(['a', 'b'], mput(['a', 'b'], 2, json_decode('{\"a\": {\"b\": 1}}')))", 2],
      ["mget(['a', 'b'], mput(['a', 'b'], 2, json_decode('{\"c\": 1}')))", 2],
      ["mput('a.b', 2, payload.dotted)", { 'a.b': 2 }],
      ["mput('a', 2, '{\"a\" : 1}')", { a: 2 }],
      ['map_to_redis_hset_args(map_new())', ['map_to_redis_hset_args']],
      ["map_to_redis_hset_args('not json')", ['map_to_redis_hset_args']],
      ['map_to_redis_hset_args([1])', ['map_to_redis_hset_args']],
      [
        'map_to_redis_hset_args(json_decode(\'{"a": 1.1, "b": true, "c": "i j", "d": "", "e": [1], "f": null, "g": 7}\'))',
        ['map_to_redis_hset_args', 'a', '1.1', 'b', 'true', 'c', 'i j', 'd', '', 'g', '7'],
      ],
    ],
    payload,
  );
  fails(
    [
      'map_keys(5)',
      "map_values('[1]')",
      'map_to_entries(payload.missing)',
      'map_size(true)',
      "mget('a', 5)",
      "mput('a', 1, 'x')",
      'map_get(5, payload)',
      "mget([1], '{}')",
    ],
    payload,
  );

  test('putting into a map leaves the payload as it was', () => {
    expect(evaluate("[map_put('map.b', 9, payload), payload.map.b]", payload)).toEqual([
      expect.objectContaining({ map: { b: 9, a: { c: null } } }),
      1,
    ]);
  });

  test('a key named __proto__ is a key like any other', () => {
    expect(evaluate("map_get('polluted', map_new())", '{}')).toBeUndefined();
    expect(evaluate("map_keys(mput('__proto__', json_decode('{\"polluted\": 1}'), map_new()))", '{}')).toEqual([
      '__proto__',
    ]);
    expect(evaluate("map_get('polluted', map_put('__proto__.x', 1, map_new()))", '{}')).toBeUndefined();
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('lists', () => {
  gives(
    [
      ['contains(2, [1, 2, 3])', true],
      ['contains(2.3, [1.8, 2.5, 2.0])', false],
      ["contains('John', ['John', 'David'])", true],
      ['contains([1, 2], [3, [1, 2]])', true],
      ['contains(json_decode(\'{"a": 1}\'), [json_decode(\'{"a": 1}\'), json_decode(\'{"b": 2}\')])', true],
      ['contains(1, [1.0])', false],
      ["first(['John', 'David'])", 'John'],
      ["last(['John', 'David'])", 'David'],
      ['length([1,2,3,4])', 4],
      ['length([])', 0],
      ['nth(1, [1,2,3])', 1],
      ['sublist(3, [1,2,3,4])', [1, 2, 3]],
      ['sublist(10, [1,2,3,4])', [1, 2, 3, 4]],
      ['sublist(0, [1,2])', []],
      ['sublist(2, 10, [1,2,3,4])', [2, 3, 4]],
      ['sublist(4, 1, [1,2,3])', []],
      ['sublist(9, 1, [1,2,3])', []],
      ['sublist(2, 0, [1,2,3])', []],
    ],
    payload,
  );
  fails(
    [
      'first([])',
      'last([])',
      'nth(0, [1,2,3])',
      'nth(4, [1,2,3])',
      'nth(-1, [1,2,3])',
      "length('abc')",
      'length(payload.missing)',
      'contains(1, payload.map)',
      'sublist(-1, [1])',
      'sublist(0, 1, [1])',
      'sublist(1, -1, [1])',
      'sublist(1, 2)',
      "sublist('1', [1])",
      'nth(1.0, [1])',
    ],
    payload,
  );
});
