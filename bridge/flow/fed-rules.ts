import type { BoundRule } from './bound-rule.ts';
import type { Source } from './source.ts';

/** The rules that a source feeds: it is paused for their sinks. */
export function rulesOf({ name }: Source, rules: readonly BoundRule[]): readonly BoundRule[] {
  switch (name) {
    case 'mqtt':
      return rules.filter(({ filters }) => filters.length > 0);
    case 'kafka':
      return rules.filter(({ topics }) => topics.length > 0);
    case 'events':
      return rules.filter(({ events }) => events.length > 0);
    case 'windows':
      return rules.filter(({ windows }) => windows !== undefined);
  }
}
