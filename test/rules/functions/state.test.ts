import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { type ExampleOptions, exampleMessage } from '../../../rules/example-message.ts';
import { Memory } from '../../../rules/memory.ts';
import { captureTopic } from '../../../rules/sources.ts';
import type { Value } from '../../../rules/value.ts';

/** Evaluates rules that share one memory, one message after another. */
const session = () => {
  const memory = new Memory();
  return (expression: string, options: Partial<ExampleOptions> = {}, from = 'cars/{clientid}'): Value => {
    const rule = compileRule(`SELECT ${expression} AS v FROM "${from}"`, { memory });
    const message = exampleMessage({ topic: 'cars/7', ...options });
    return rule.rows(message, captureTopic(rule.captureNames, rule.sources[0]!, message.topic))[0]?.v;
  };
};

describe('kv_store', () => {
  test('a value is there for every rule and publisher until it is deleted', () => {
    const run = session();
    expect(run("kv_store_get('k')")).toBeUndefined();
    expect(run("kv_store_get('k', 5)")).toBe(5);
    expect(run("kv_store_put('k', [1])")).toBe(true);
    expect(run("kv_store_get('k')", { topic: 'cars/8' })).toEqual([1]);
    expect(run("kv_store_del('k')")).toBe(true);
    expect(run("kv_store_get('k')")).toBeUndefined();
  });

  test('1, 1.0 and the text 1 are three keys', () => {
    const run = session();
    run("kv_store_put(1, 'integer')");
    run("kv_store_put(1.0, 'float')");
    run("kv_store_put('1', 'text')");
    expect(run("[kv_store_get(1), kv_store_get(1.0), kv_store_get('1')]")).toEqual(['integer', 'float', 'text']);
  });

  test('text is the same key as a payload of the same bytes', () => {
    const run = session();
    run("kv_store_put(payload, 'found')", { payload: 'ü' });
    expect(run("kv_store_get('ü')")).toBe('found');
  });

  test('a payload that is kept does not change with the buffer it came in', () => {
    const run = session();
    const payload = Buffer.from('first');
    run("kv_store_put('last', payload)", { payload });
    run("kv_store_put('nested', [payload])", { payload });
    payload.fill('x');
    expect(String(run("kv_store_get('last')"))).toBe('first');
    expect(String(run("nth(1, kv_store_get('nested'))"))).toBe('first');
  });
});

describe('proc_dict', () => {
  test('put and delete give what was there before', () => {
    const run = session();
    expect(run("proc_dict_put('k', 1)")).toBeUndefined();
    expect(run("proc_dict_put('k', 2)")).toBe(1);
    expect(run("proc_dict_get('k')")).toBe(2);
    expect(run("proc_dict_del('k')")).toBe(2);
    expect(run("proc_dict_get('k')")).toBeUndefined();
  });

  test('each publisher has values of its own, known by the capture or by the message', () => {
    const run = session();
    run("proc_dict_put('speed', 70)", { topic: 'cars/7' });
    run("proc_dict_put('speed', 80)", { topic: 'cars/8' });
    expect(run("proc_dict_get('speed')", { topic: 'cars/7' })).toBe(70);
    expect(run("proc_dict_get('speed')", { topic: 'cars/8' })).toBe(80);
    expect(run("proc_dict_get('speed')", { clientid: '8' }, 'cars/+')).toBe(80);
    expect(run("proc_dict_get('speed')", {}, 'cars/+')).toBeUndefined();
  });

  test('the store of all rules and a publisher’s values do not mix', () => {
    const run = session();
    run("kv_store_put('k', 1)");
    expect(run("proc_dict_get('k')")).toBeUndefined();
  });
});

describe('memory', () => {
  test('it holds the youngest keys, whatever is put and deleted', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('put', 'put', 'delete'), fc.integer({ min: 0, max: 12 })));
    fc.assert(
      fc.property(steps, all => {
        const memory = new Memory(5);
        let model: string[] = [];
        for (const [step, number] of all) {
          const key = String(number);
          if (step === 'put') memory.put(key, number);
          else memory.delete(key);
          model = [...model.filter(other => other !== key), ...(step === 'put' ? [key] : [])].slice(-5);
        }
        const held = Array.from({ length: 13 }, (_, number) => String(number)).filter(
          key => memory.get(key) !== undefined,
        );
        expect(held.sort()).toEqual(model.sort());
      }),
    );
  });

  test('when it is full, the key that was written longest ago gives way', () => {
    const memory = new Memory(2);
    memory.put('a', 1);
    memory.put('b', 2);
    memory.put('a', 3);
    memory.put('c', 4);
    expect([memory.get('a'), memory.get('b'), memory.get('c'), memory.size]).toEqual([3, undefined, 4, 2]);
  });
});
