/** Aggregates where there is no window to work them out over. */
import { MkbError } from '../../api/errors.ts';
import { findFunction } from '../functions/registry.ts';
import { placeAt } from '../position.ts';
import { findAggregate } from './aggregates.ts';

/** Throws `rule-aggregate-misplaced` if the name is that of an aggregate. */
export const misplacedAggregate = (sql: string, name: string, offset: number): void => {
  if (findAggregate(name) === undefined) return;
  const reason = 'is worked out over a window: not in WHERE, not in GROUP BY, not within another aggregate, not in LET';
  const others = [
    { name: `acc_${name.toLowerCase()}`, of: 'of all messages so far' },
    { name: `array_${name.toLowerCase()}`, of: 'of a list' },
  ].filter(each => findFunction(each.name) !== undefined);
  throw new MkbError('rule-aggregate-misplaced', {
    ...placeAt(sql, offset),
    name,
    reason: [reason, ...others.map(each => `${each.of} it is ${each.name}()`)].join('; '),
  });
};
