/**
 * Which rules the records of a topic go through, with what FROM captures of its name. A record goes through each rule once, by the first
 * name of its FROM that matches. Topics that a pattern must not match are those of rules that name them.
 */
import { readsTopic } from '../../rules/sources.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Route } from '../flow/source.ts';

export class KafkaRoutes {
  readonly #rules: readonly BoundRule[];
  readonly #except: ReadonlySet<string>;
  /** By topic. There are no more than this member has had partitions of. */
  readonly #routes = new Map<string, readonly Route[]>();

  /** @param except topics that no pattern matches */
  constructor(rules: readonly BoundRule[], except: ReadonlySet<string>) {
    this.#rules = rules;
    this.#except = except;
  }

  of(topic: string): readonly Route[] {
    const known = this.#routes.get(topic);
    if (known !== undefined) return known;
    const found = this.#rules.flatMap(rule => {
      const source = rule.topics.find(
        each => readsTopic(each, topic) && (each.pattern === undefined || !this.#except.has(topic)),
      );
      return source === undefined ? [] : [{ rule, captures: rule.captures(source, topic) }];
    });
    this.#routes.set(topic, found);
    return found;
  }
}
