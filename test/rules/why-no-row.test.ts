import { describe, expect, it } from 'vitest';
import { type ExampleOptions, evaluateOnce, exampleMessage } from '../../rules/example-message.ts';
import { whyNoRow } from '../../rules/why-no-row.ts';

const why = (sql: string, payload: string, others: Partial<ExampleOptions> = {}): string => {
  const message = exampleMessage({ topic: 'cars/7', payload, ...others });
  expect(evaluateOnce(sql, message, { knowsPublisher: true })).toEqual([]);
  return whyNoRow(sql, message, { knowsPublisher: true });
};
const where = (condition: string, payload = '{"speed": 50, "unit": "km", "none": null, "list": [1]}'): string =>
  why(`SELECT payload.speed * 2 AS twice, payload FROM "cars/{vin}" WHERE ${condition}`, payload);

// mkb eval printed nothing, and left its user to find out why.
describe('a topic that does not match', () => {
  it.each([
    ['SELECT * FROM "bikes/{vin}"', 'cars/7', 'cars/7 does not match bikes/{vin}'],
    ['SELECT * FROM "bikes/#", "cars/+/x"', 'cars/7', 'cars/7 does not match bikes/#, cars/+/x'],
    ['SELECT * FROM "$kafka/commands"', '$kafka/other', '$kafka/other does not match $kafka/commands'],
  ])('%s', (sql, topic, text) => {
    expect(why(sql, '', { topic })).toBe(text);
  });
});

describe('WHERE names what was not true, with its values:', () => {
  it.each([
    ['payload.speed > 60', 'false: payload.speed (50) > 60'],
    ["payload.speed > 10 AND payload.unit = 'mi'", 'false: payload.unit ("km") = \'mi\''],
    ['payload.speed > 60 AND payload.gone = 1', 'false: payload.speed (50) > 60'],
    ["payload.speed > 60 OR payload.unit = 'mi'", 'false: payload.speed (50) > 60 OR payload.unit ("km") = \'mi\''],
    ['NOT (payload.speed < 60)', 'false: NOT payload.speed (50) < 60'],
    ['NOT (payload.speed < 60 OR payload.gone = 1)', 'false: NOT payload.speed (50) < 60'],
    ['payload.gone > 60', 'unknown: payload.gone (no value) > 60'],
    ['payload.none = 1', 'unknown: payload.none (null) = 1'],
    ['twice > 200', 'false: twice (100) > 200'],
    ["vin = '8'", 'false: vin ("7") = \'8\''],
    ['payload.speed BETWEEN 60 AND 70', 'false: payload.speed (50) BETWEEN 60 AND 70'],
    ["payload.unit IN ('mi', 'm')", "false: payload.unit (\"km\") IN ('mi', 'm')"],
    ["payload.unit LIKE 'm%'", 'false: payload.unit ("km") LIKE \'m%\''],
    ['payload.speed IS NULL', 'false: payload.speed (50) IS NULL'],
    ['is_str(payload.speed)', 'false: is_str(payload.speed (50))'],
    ['payload.speed + 1 > payload.speed * 2', 'false: payload.speed + 1 (51) > payload.speed * 2 (100)'],
    ['payload.speed\n  >   60', 'false: payload.speed (50) > 60'],
    ['false', 'false: false'],
  ])('%s', (condition, text) => {
    expect(where(condition)).toBe(`WHERE was ${text}`);
  });

  it('bytes are marked, and long values cut', () => {
    const message = exampleMessage({ topic: 'a', payload: Buffer.from([255, 0, 1]) });
    expect(whyNoRow('SELECT 1 AS x FROM "#" WHERE payload = \'a\'', message)).toBe(
      'WHERE was false: payload ("base64:/wAB") = \'a\'',
    );
    expect(where("payload.unit = 'a'", JSON.stringify({ unit: 'k'.repeat(500) })).length).toBeLessThan(120);
  });
});

describe('FOREACH', () => {
  it.each([
    ['FOREACH payload.list AS e DO e FROM "#"', '{}', 'FOREACH found no list: payload.list is no value'],
    ['FOREACH payload.list AS e DO e FROM "#"', '{"list": 5}', 'FOREACH found no list: payload.list is 5'],
    ['FOREACH payload.list AS e DO e FROM "#"', '{"list": []}', 'FOREACH found an empty list: payload.list'],
    [
      'FOREACH payload.list AS e DO e INCASE e > 5 FROM "#"',
      '{"list": [1, 2]}',
      'INCASE was true for none of the 2 elements of payload.list',
    ],
    [
      'FOREACH payload.list AS e DO e FROM "#" WHERE payload.on',
      '{"on": false, "list": [1]}',
      'WHERE was false: payload.on (false)',
    ],
  ])('%s of %s', (sql, payload, text) => {
    expect(why(sql, payload)).toBe(text);
  });
});

it('a window is asked for WHERE, and then for HAVING', () => {
  const sql =
    'SELECT vin, COUNT(*) AS n FROM "cars/{vin}" WHERE payload.speed > 60 GROUP BY vin, TUMBLING(1m) HAVING COUNT(*) > 1';
  expect(why(sql, '{"speed": 50}')).toBe('WHERE was false: payload.speed (50) > 60');
  expect(why(sql, '{"speed": 70}')).toBe('HAVING was not true: COUNT(*) > 1');
});
