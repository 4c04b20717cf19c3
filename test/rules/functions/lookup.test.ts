// A rule named a table that the document does not have, and every message of the night failed.
import { describe, expect, it } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { exampleTables } from '../../../rules/functions/table-examples.ts';
import { tablesOf } from '../../../rules/tables/tables.ts';
import { ambient, evaluated, rowOf, thrownBy } from '../support/evaluate.ts';

const compiled = (expression: string) =>
  thrownBy(() => compileRule(`SELECT ${expression} AS v FROM "a"`, { tables: exampleTables() }));

describe('lookup', () => {
  it.each([
    ["lookup('devices', payload.vin).owner", { vin: 'V1' }, 'Ada'],
    ["lookup('devices', payload.vin).owner", { vin: 'V9' }, undefined],
    ["lookup('devices', payload.vin).nothing", { vin: 'V1' }, undefined],
    ["lookup('devices', payload.vin)", {}, undefined],
    ["lookup('devices', payload.vin)", { vin: null }, undefined],
    ["lookup('devices', payload.vin)", { vin: 7 }, undefined],
    ["lookup('devices', payload.vin)", { vin: '__proto__' }, undefined],
    ["coalesce(lookup('devices', payload.vin).owner, 'nobody')", { vin: 'V9' }, 'nobody'],
    ["CASE WHEN lookup('devices', payload.vin).owner = 'Ada' THEN 1 ELSE 2 END", { vin: 'V1' }, 1],
  ])('%s of %j is %j', (expression, payload, value) => {
    expect(evaluated(expression, payload)).toEqual(value);
  });

  it('finds by what FROM captures, in WHERE and in SELECT', () => {
    const sql = `SELECT lookup('devices', vin).owner AS owner FROM "cars/{vin}" WHERE lookup('devices', vin).owner = 'Ada'`;
    expect(rowOf(sql, { topic: 'cars/V1' })).toEqual({ owner: 'Ada' });
    expect(rowOf(sql, { topic: 'cars/V2' })).toBeUndefined();
  });

  it.each([
    ["lookup('devies', payload.x)", 'rule-unknown-name', 'Did you mean devices?'],
    ["lookup('customers', payload.x)", 'rule-unknown-name', 'spec.tables has devices.'],
    ['lookup(payload.table, payload.x)', 'rule-arguments', 'the name of a table as a constant'],
    ["lookup(5, 'a')", 'rule-arguments', 'table must be text'],
    ["lookup('devices')", 'rule-arguments', 'takes 2 arguments, not 1'],
    ["lookup('devices', 1.5)", 'rule-arguments', 'key must be text or a whole number'],
  ])('%s is refused when the rule is loaded: %s', (expression, code, text) => {
    const error = compiled(expression);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });

  it.each([[{ vin: [1] }], [{ vin: { a: 1 } }], [{ vin: 1.5 }], [{ vin: true }]])('a key such as %j fails', payload => {
    const error = thrownBy(() => evaluated("lookup('devices', payload.vin)", payload));
    expect(error).toMatchObject({ code: 'rule-failed', message: expect.stringContaining('key must be text') });
  });

  it('says so when there is no table at all, and when it was not read', () => {
    const none = thrownBy(() => compileRule(`SELECT lookup('a', 'b') AS v FROM "a"`));
    expect(none.message).toContain('spec.tables has none.');
    const tables = tablesOf(exampleTables().all.map(({ section }) => section));
    const rule = compileRule(`SELECT lookup('devices', 'V1') AS v FROM "#"`, { ...ambient, tables });
    expect(rule.tables).toEqual(['devices']);
    expect(thrownBy(() => rule.rows({ topic: 'a' } as never, []))).toMatchObject({ code: 'table-not-read' });
  });
});
