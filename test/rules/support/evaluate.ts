import type { MkbError } from '../../../api/errors.ts';
import { type ExampleOptions, evaluateOnce, exampleMessage } from '../../../rules/example-message.ts';
import { exampleSchemas } from '../../../rules/functions/schema-examples.ts';
import { exampleTables } from '../../../rules/functions/table-examples.ts';
import type { Row } from '../../../rules/rule.ts';
import type { Value } from '../../../rules/value.ts';

export const ambient = {
  now: () => 1_700_000_000_123,
  uuid: () => '01234567-89ab-4cde-8f01-23456789abcd',
  zoneOffset: () => 0,
  schemas: exampleSchemas,
  tables: exampleTables(),
  // The message below tells who published it.
  knowsPublisher: true,
};

const defaults: ExampleOptions = {
  topic: 'cars/7/speed',
  payload: '{"speed": 80}',
  clientid: 'c7',
  username: 'ada',
  qos: 1,
  timestamp: 1_700_000_000_000,
};

/** The row of a message; undefined when WHERE says no. */
export const rowOf = (sql: string, options: Partial<ExampleOptions> = {}): Row | undefined =>
  evaluateOnce(sql, exampleMessage({ ...defaults, ...options }), ambient)[0];

/** The value of an expression over a payload, which is JSON text or a value to write as such. */
export const evaluated = (expression: string, payload: unknown = defaults.payload): Value => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return rowOf(`SELECT ${expression} AS v FROM "#"`, { payload: text })?.v;
};

/** Whether a message passes a condition. */
export const passes = (condition: string, payload: unknown = defaults.payload): boolean => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return rowOf(`SELECT qos FROM "#" WHERE ${condition}`, { payload: text }) !== undefined;
};

/** What `action` throws; fails when it throws nothing. */
export const thrownBy = (action: () => unknown): MkbError => {
  try {
    action();
  } catch (error) {
    return error as MkbError;
  }
  throw new Error('nothing was thrown');
};
