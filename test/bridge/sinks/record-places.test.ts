// After a reload a sink had another name in the journal, and after kill -9 what it had sent was sent a second time.
import { expect, it } from 'vitest';
import { SinkPlaces } from '../../../bridge/sinks/record-places.ts';
import { ConsumedRecord } from '../../../bridge/sources/kafka-record.ts';
import type { Rule } from '../../../rules/rule.ts';

const partition = { topic: 'commands', partition: 1 };
const recordAt = (offset: bigint) => new ConsumedRecord({ ...partition, topicId: 'id' }, { offset } as never);
const rule = (): Rule => ({}) as Rule;

it('sinks of a rule have names of their own, which another document and another process give them again', () => {
  const [before, after] = [new SinkPlaces(), new SinkPlaces()];
  const [old, other] = [rule(), rule()];
  const record = recordAt(5n);
  const names = [before.next('r', old), before.next('r', old), before.next('s', other), before.next('r', rule())];
  expect(names.map(places => places.of(record)![0])).toEqual(['r 0', 'r 1', 's 0', 'r 0']);
  expect(after.next('r', rule()).of(record)).toEqual(['r 0', 'commands id 1', '5', 0]);
});

it('rows of a record are counted, and those of one that is read again from the beginning', () => {
  const places = new SinkPlaces().next('r', rule());
  const [first, again] = [recordAt(5n), recordAt(5n)];
  expect([first, first, again, again, recordAt(6n)].map(record => places.of(record)![3])).toEqual([0, 1, 0, 1, 0]);
});

it('a topic that another could stand for has no places', () => {
  expect(new SinkPlaces().next('r', rule()).of(new ConsumedRecord(partition, { offset: 5n } as never))).toBeUndefined();
});
