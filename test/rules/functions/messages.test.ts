/** Functions that read the message, and what is around a rule. Prefix and empty text of getenv: EMQX's documentation, "Built-in SQL Functions". */
import { describe, expect, test } from 'vitest';
import { evaluateOnce, exampleMessage } from '../../../rules/example-message.ts';
import { evaluate, fails, gives } from './cases.ts';

describe('the message', () => {
  gives(
    [
      ['topic()', 'cars/7/speed'],
      ['topic(1)', 'cars'],
      ['qos()', 1],
      ["flag('dup')", false],
      ["flag('other')", undefined],
      ['clientid()', 'c7'],
      ["payload('a.b')", 1],
      ["payload('a.x')", undefined],
      ["contains_topic(['a', 'b'], 'b')", true],
      ["contains_topic([], 'b')", false],
      ["contains_topic(payload.filters, 't/1')", true],
      ["contains_topic(payload.filters, 't/1', 1)", true],
      ["contains_topic(payload.filters, 't/1', 2)", false],
      ["contains_topic_match(payload.filters, 't/#')", true],
      ["contains_topic_match(payload.filters, 't/+', 0)", false],
      ["contains_topic_match(payload.filters, 'u/#')", false],
    ],
    '{"a": {"b": 1}, "filters": [{"topic": "t/1", "qos": 1}]}',
  );
  fails(['topic(4)', 'topic(0)', "contains_topic('a', 'a')", "contains_topic(['a'], 5)", 'payload(5)']);

  test('payload() inside of what is no JSON is undefined', () => {
    expect(evaluate("payload('a')", 'not json')).toBeUndefined();
  });
});

describe('around the rule', () => {
  const message = exampleMessage({ topic: 't' });
  const environment = (name: string): string | undefined => ({ EMQXVAR_SITE: 'north', PASSWORD: 'secret' })[name];

  test.each([
    ["getenv('SITE')", 'north'],
    ["getenv('PASSWORD')", ''],
    ["getenv('EMQXVAR_SITE')", ''],
  ])('%s reads only variables that begin with EMQXVAR_', (call, expected) => {
    expect(evaluateOnce(`SELECT ${call} AS v FROM "t"`, message, { environment })).toEqual([{ v: expected }]);
  });

  test('random() is a float, even when it is 0', () => {
    const sql = 'SELECT is_float(random()) AS v FROM "t"';
    expect(evaluateOnce(sql, message, { random: () => 0 })).toEqual([{ v: true }]);
    expect(evaluateOnce(sql, message, { random: () => 0.25 })).toEqual([{ v: true }]);
  });

  test('two UUIDs are not the same', () => {
    expect(evaluateOnce('SELECT uuid_v4() = uuid_v4() AS v FROM "t"', message)).toEqual([{ v: false }]);
  });
});
