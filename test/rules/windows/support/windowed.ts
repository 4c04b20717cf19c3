/** Rules with windows, fed by hand: time is that of the messages. */
import { compileRule } from '../../../../rules/compile.ts';
import { capturesIn, exampleMessage } from '../../../../rules/example-message.ts';
import { passTime, wholeRows } from '../../../../rules/offline.ts';
import type { Row, Rule } from '../../../../rules/rule.ts';
import type { Ambient } from '../../../../rules/scope.ts';
import type { ValueMap } from '../../../../rules/value.ts';

/** A message of a car: the topic is cars/<car>, the payload is `json`, or JSON of `payload`. */
export interface CarMessage {
  /** Milliseconds. */
  readonly at: number;
  readonly car?: string;
  readonly payload?: unknown;
  readonly json?: string;
}

export class Windowed {
  readonly rule: Rule;

  /** @param sql reads `cars/{car}` */
  constructor(sql: string, ambient: Partial<Ambient> = {}) {
    this.rule = compileRule(sql, ambient);
  }

  /** Counts a message; windows that are over stay open. Returns whether WHERE let it pass. */
  count({ at, car = 'a', payload = {}, json = JSON.stringify(payload) }: CarMessage): boolean {
    const message = exampleMessage({ topic: `cars/${car}`, payload: json, timestamp: at });
    return this.rule.windows!.count(message, capturesIn(this.rule, message.topic)!);
  }

  /** The rows of windows that ended by a time. */
  rowsUntil(time: number): Row[] {
    return wholeRows(this.rule, passTime(this.rule, time));
  }
}

/** All rows that messages give, in their order; each window ends before a later message is counted. */
export const rowsOf = (sql: string, messages: readonly CarMessage[], ambient: Partial<Ambient> = {}): ValueMap[] => {
  const windowed = new Windowed(sql, ambient);
  const rows = messages.flatMap(message => {
    const ended = windowed.rowsUntil(message.at);
    windowed.count(message);
    return ended;
  });
  return [...rows, ...windowed.rowsUntil(Number.POSITIVE_INFINITY)];
};

/** What an aggregate gives for the values of one window; `undefined` stands for a message without the value. */
export const aggregated = (aggregate: string, values: readonly unknown[]): unknown => {
  const messages = values.map(x => ({ at: 0, payload: { x } }));
  return rowsOf(`SELECT ${aggregate} AS v FROM "cars/{car}" GROUP BY TUMBLING(1s)`, messages)[0]?.v;
};
