/**
 * The rules of a conversation. One that is entered again goes on with what it remembers: CHANGED and DEDUP compare with the messages before,
 * and windows count on, until they end because time passed.
 */
import { compileRule } from '../rules/compile.ts';
import { type ExampleMessage, readBy } from '../rules/example-message.ts';
import { encodeJson } from '../rules/json.ts';
import { passTime, rowsOf, wholeRows } from '../rules/offline.ts';
import type { Row, Rule } from '../rules/rule.ts';
import type { Ambient } from '../rules/scope.ts';
import { shown } from '../rules/shown.ts';

export class ReplRules {
  readonly #world: Partial<Ambient>;
  readonly #rules = new Map<string, Rule>();

  constructor(world: Partial<Ambient>) {
    this.#world = world;
  }

  /** The rows of a message, and before them those of windows of the rule that ended meanwhile. Throws as `compileRule` and `Rule.rows`. */
  rows(sql: string, message: ExampleMessage): Row[] {
    const rule = this.#rule(sql);
    const read = readBy(rule, message);
    const ended = passTime(rule, message.timestamp);
    return wholeRows(rule, read === undefined ? ended : [...ended, ...rowsOf(rule, read.input, read.captures)]);
  }

  /** When the next window of the rule ends, milliseconds since 1970; undefined while none is open. */
  due(sql: string): number | undefined {
    const due = this.#rule(sql).windows?.due;
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  /** The rows, as lines of JSON, of all windows that end by a time, in milliseconds since 1970. */
  ended(until: number): string[] {
    return [...this.#rules.values()].flatMap(rule =>
      wholeRows(rule, passTime(rule, until)).map(row => encodeJson(shown(row).value)),
    );
  }

  #rule(sql: string): Rule {
    const known = this.#rules.get(sql);
    if (known !== undefined) return known;
    const rule = compileRule(sql, this.#world);
    this.#rules.set(sql, rule);
    return rule;
  }
}
