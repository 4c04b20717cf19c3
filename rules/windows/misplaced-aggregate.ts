/** Aggregates where there is no window to work them out over. */
import { MkbError } from '../../api/errors.ts';
import { findFunction } from '../functions/registry.ts';
import { placeAt } from '../position.ts';
import { findAggregate } from './aggregates.ts';

/** Throws `rule-aggregate-misplaced` if the name is that of an aggregate. */
export const misplacedAggregate = (sql: string, name: string, offset: number): void => {
  if (findAggregate(name) === undefined) return;
  const reason = 'is worked out over a window: not in WHERE, not in GROUP BY, not within another aggregate, not in LET';
  const list = findFunction(`array_${name.toLowerCase()}`);
  throw new MkbError('rule-aggregate-misplaced', {
    ...placeAt(sql, offset),
    name,
    reason: list === undefined ? reason : `${reason}; of a list it is ${list.name}()`,
  });
};
