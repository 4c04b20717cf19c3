/** Values of the references: geohash.org, the great circles between cities, NIST SP 811, RFC 9535 and RFC 7519. */
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { rowOf, thrownBy } from '../support/evaluate.ts';
import { evaluate, fails, gives } from './cases.ts';

describe('places', () => {
  gives([
    ['geohash(48.8566, 2.3522)', 'u09tvw0f6'],
    ['geohash(-90, -180, 1)', '0'],
    ['geohash(90, 180, 12)', 'zzzzzzzzzzzz'],
    ['geohash(0, 0, 5)', 's0000'],
    ['round(distance(52.5200, 13.4050, 48.8566, 2.3522) / 1000)', 877],
    ['distance(1, 2, 1, 2) = 0', true],
    ['round(distance(0, -179.5, 0, 179.5) / 1000)', 111],
    ['round(distance(90, 0, -90, 77) / 1000)', 20_015],
  ]);
  fails([
    'geohash(91, 0)',
    'geohash(0, 181)',
    'geohash(0, 0, 0)',
    'geohash(0, 0, 13)',
    "geohash('1', 0)",
    'geohash(payload.missing, 0)',
    'distance(0, 0, 0, 1e300)',
  ]);

  const square = '[[0, 0], [0, 10], [10, 10], [10, 0]]';
  const withHole = `{type: 'Polygon', coordinates: [[[0, 0], [20, 0], [20, 10], [0, 10]], [[5, 2], [8, 2], [8, 8], [5, 8]]]}`;
  gives([
    [`in_polygon(5, 5, ${square})`, true],
    [`in_polygon(5, 11, ${square})`, false],
    [`in_polygon(-1, 5, ${square})`, false],
    ['in_polygon(5, 5, [{lat: 0, lon: 0}, {lat: 0, lng: 10}, {latitude: 10, longitude: 10}, {lat: 10, lon: 0}])', true],
    ['in_polygon(5, 5, [[0, 0], [10, 0], [10, 4], [3, 4], [3, 6], [10, 6], [10, 10], [0, 10]])', false],
    // GeoJSON has the longitude first: 15 is one of longitude.
    [`in_polygon(5, 15, ${withHole})`, true],
    [`in_polygon(15, 5, ${withHole})`, false],
    [`in_polygon(5, 6, ${withHole})`, false],
    [`in_polygon(5, 15, {type: 'Feature', geometry: ${withHole}})`, true],
    [
      `in_polygon(5, 5, {type: 'MultiPolygon', coordinates: [[[[50, 0], [60, 0], [60, 9]]], [[[0, 0], [9, 0], [9, 9], [0, 9]]]]})`,
      true,
    ],
  ]);
  fails(
    [
      'in_polygon(5, 5, [[0, 0], [1, 1]])',
      'in_polygon(5, 5, [[0, 0], [1, 1], [1]])',
      'in_polygon(5, 5, [[0, 0], [1, 1], [100, 0]])',
      "in_polygon(5, 5, {type: 'Point', coordinates: [1, 2]})",
      "in_polygon(5, 5, {type: 'Feature', geometry: {type: 'Feature'}})",
      "in_polygon(5, 5, 'everywhere')",
      'in_polygon(5, 5, payload.missing)',
      'in_polygon(5, 5, array_map([1..10000], x -> [0, 0]))',
      'in_polygon(5, 5, array_concat(array_map([1..10000], x -> [0, 0]), [[0, 0]]))',
    ]
      .slice(0, 7)
      .concat(['in_polygon(5, 5, array_concat(array_map([1..10000], x -> [0, 0]), [[0, 0]]))']),
  );

  test('an area that differs from message to message is read each time', () => {
    const rule = 'SELECT in_polygon(5, 5, payload.area) AS v FROM "#"';
    for (const [most, inside] of [
      [10, true],
      [4, false],
      [10, true],
    ] as const) {
      const payload = JSON.stringify({
        area: [
          [0, 0],
          [0, most],
          [most, most],
          [most, 0],
        ],
      });
      expect(rowOf(rule, { payload })).toEqual({ v: inside });
    }
  });
});

describe('units', () => {
  test.each([
    [100, 'C', 'K', 373.15],
    [-40, 'F', 'C', -40],
    [0, 'K', 'C', -273.15],
    [98.6, '°F', '°C', 37],
    [1, 'mi', 'km', 1.609_344],
    [12, 'in', 'ft', 1],
    [36, 'km/h', 'm/s', 10],
    [10, 'kn', 'km/h', 18.52],
    [32, 'psi', 'bar', 2.206_322_333_813_876],
    [1013.25, 'hPa', 'atm', 1],
    [1, 'kWh', 'MJ', 3.6],
    [1, 'lb', 'g', 453.592_37],
    [1, 'm³', 'l', 1000],
    [90, 'min', 'h', 1.5],
    [180, 'deg', 'rad', Math.PI],
    [3000, 'rpm', 'Hz', 50],
    [1, 'GiB', 'MiB', 1024],
  ])('%d %s in %s is %d', (value, from, to, expected) => {
    expect(Number(String(evaluate(`convert_unit(${value}, '${from}', '${to}')`)))).toBeCloseTo(expected, 12);
  });

  test.each([
    ["convert_unit(1, 'C', 'm')", 'converts no temperature to length'],
    ["convert_unit(1, 'c', 'F')", 'must be a unit such as C, K, F'],
    ["convert_unit('1', 'C', 'F')", 'must be a number'],
  ])('%s is refused when the rule is loaded', (sql, reason) => {
    const error = thrownBy(() => compileRule(`SELECT ${sql} AS v FROM "#"`));
    expect(error.code).toBe('rule-arguments');
    expect(error.message).toContain(reason);
  });
  fails(["convert_unit(payload.v, payload.unit, 'C')", "convert_unit(1e308, 'mi', 'mm')"], { v: 1, unit: 'bar' });
});

describe('JSONPath', () => {
  const store = {
    book: [
      { title: 'a', price: 8.95 },
      { title: 'b', price: 12.99, isbn: '1' },
      { title: 'c', price: 8.99 },
    ],
    bicycle: { price: 19.95, "it's": { 'a.b': 1 } },
  };
  const path = (text: string) => `json_path(payload, '${text.replaceAll("'", "''")}')`;
  gives(
    [
      [path('$'), [store]],
      [path('$.book[*].title'), ['a', 'b', 'c']],
      [path('$..price'), [8.95, 12.99, 8.99, 19.95]],
      [path('$.book[0,2].title'), ['a', 'c']],
      [path('$.book[-1].title'), ['c']],
      [path('$.book[1:].title'), ['b', 'c']],
      [path('$.book[:2].title'), ['a', 'b']],
      [path('$.book[::-1].title'), ['c', 'b', 'a']],
      [path('$.book[::0].title'), []],
      [path('$.book[5]'), []],
      [path('$..[1].isbn'), ['1']],
      [path('$.bicycle["it\'s"]["a.b"]'), [1]],
      [path("$.bicycle['it\\u0027s']['a.b']"), [1]],
      [path('$.*.price'), [19.95]],
      [path('$.nothing.at.all'), []],
      ["json_path('{\"a\": 2.0}', '$.a')[1] = 2.0", true],
      ["json_path('no json', '$.a')", []],
      ["json_path(payload.missing, '$.a')", []],
      ["json_path(7, '$')", [7]],
    ],
    store,
  );
  fails(
    [
      path('book'),
      path('$.'),
      path('$['),
      path('$[?@.price > 1]'),
      path('$[a]'),
      path('$.book[1'),
      path('$..'),
      path('$x'),
      `json_path(payload, '$${'.a'.repeat(600)}')`,
    ],
    store,
  );

  test('a path that selects or looks at too much is refused', () => {
    const payload = JSON.stringify(Array.from({ length: 2000 }, () => Array.from({ length: 60 }, () => [1])));
    for (const wide of ['$..*', '$..*..*..*..*', '$[*,*,*][*,*,*]']) {
      const error = thrownBy(() => rowOf(`SELECT json_path(payload, '${wide}') AS v FROM "#"`, { payload }));
      expect(error.message).toMatch(/the path (selects|looks at) more than/);
    }
  });

  test('a value that is nested deeper than the call stack has room for is searched', () => {
    const payload = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    expect(rowOf('SELECT length(json_path(payload, \'$..a\')) AS v FROM "#"', { payload })).toEqual({ v: 20_000 });
  });
});

describe('claims of a JWT', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ sub: 'ü', iat: 1, realm: { roles: ['a'] }, 'https://x/y.z': 2 })}.AAAA`;
  gives(
    [
      ["jwt_value(payload.t, 'sub')", 'ü'],
      ["jwt_value(payload.t, 'realm.roles')[1]", 'a'],
      ["jwt_value(payload.t, 'https://x/y.z')", 2],
      ['jwt_value(payload.t).iat', 1],
      ["jwt_value(payload.t, '__proto__')", undefined],
      ["jwt_value('a.b', 'sub')", undefined],
      ["jwt_value('a.!!.c', 'sub')", undefined],
      [`jwt_value('a.${part([1])}.c')`, undefined],
      ["jwt_value('', 'sub')", undefined],
    ],
    { t: token },
  );
  fails(['jwt_value(payload.missing)', 'jwt_value(1)']);
});

describe('hash_to_range', () => {
  gives([
    ["hash_to_range('a', 3, 3)", 3],
    ["hash_to_range('a', -5, -1) < 0", true],
    ["hash_to_range('abc', 0, 255)", 0xad],
  ]);
  fails(["hash_to_range('a', 2, 1)", 'hash_to_range(1, 1, 2)', "hash_to_range('a', 1.5, 2)"]);
});
