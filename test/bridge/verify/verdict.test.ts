import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberedPayload, readNumbered } from '../../../bridge/verify/numbered-message.ts';
import { type Arrival, judge, type Ledger } from '../../../bridge/verify/verdict.ts';

const ledger = (published: number, unacknowledged: number[] = [], client = 'c0'): Ledger => {
  const numbers = Array.from({ length: published }, (_, number) => number);
  return { client, published, acknowledged: new Set(numbers.filter(number => !unacknowledged.includes(number))) };
};

/** Records of one partition with these numbers. */
const arrivals = (numbers: number[], { client = 'c0', key = 'c0', partition = 0 } = {}): Arrival[] =>
  numbers.map((number, offset) => ({ partition, offset, key, client, number }));

describe('a verdict', () => {
  test('is good when everything arrived once', () => {
    expect(judge([ledger(3)], arrivals([0, 1, 2]))).toMatchObject({
      acknowledged: 3,
      records: 3,
      duplicates: 0,
      problems: [],
    });
  });

  test('names each acknowledged message that is missing', () => {
    const { problems } = judge([ledger(8)], arrivals([0, 4, 7]));
    expect(problems).toEqual(['Acknowledged messages are missing: c0: 5 (1-3, 5-6).']);
  });

  test('takes a message that was not acknowledged either way', () => {
    expect(judge([ledger(3, [1])], arrivals([0, 2])).problems).toEqual([]);
    expect(judge([ledger(3, [1])], arrivals([0, 2, 1])).problems).toEqual([]);
  });

  test('counts copies, and does not take a copy for disorder', () => {
    expect(judge([ledger(3)], arrivals([0, 1, 0, 1, 2]))).toMatchObject({ duplicates: 2, problems: [] });
  });

  test('names a first arrival that comes too late', () => {
    expect(judge([ledger(3)], arrivals([0, 2, 1])).problems).toEqual(['Messages arrived out of order: c0: 1 after 2.']);
  });

  test('asks nothing of the order where replicas may overtake one another', () => {
    expect(judge([ledger(3)], arrivals([0, 2, 1]), { ordered: false }).problems).toEqual([]);
    expect(judge([ledger(3)], arrivals([0, 2]), { ordered: false }).problems).toHaveLength(1);
  });

  test('names a record that nobody published', () => {
    const strange = { partition: 1, offset: 9, key: 'c0', client: undefined, number: undefined };
    const unknown = { partition: 1, offset: 10, key: 'c0', client: 'c0', number: 3 };
    expect(judge([ledger(3)], [...arrivals([0, 1, 2]), strange, unknown]).problems).toEqual([
      'Records are not what anybody published: partition 1 offset 9, partition 1 offset 10.',
    ]);
  });

  test('names a client whose records have another key or lie in two partitions', () => {
    const records = [...arrivals([0, 1]), ...arrivals([2], { partition: 2, key: 'c9' })];
    expect(judge([ledger(3)], records).problems).toEqual([
      'Clients are spread over partitions: c0: 0 and 2.',
      'Records have the wrong key: c0: c9.',
    ]);
  });
});

test('a payload reads back as what it was, and any changed byte is noticed', () => {
  const message = fc.record({ client: fc.constantFrom('c0', 'c12'), number: fc.nat() });
  fc.assert(
    fc.property(
      message,
      fc.integer({ min: 0, max: 400 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (sent, bytes, at, flip) => {
        const payload = Buffer.from(numberedPayload(sent, bytes));
        expect(readNumbered(payload)).toEqual(sent);
        payload[at % payload.length]! ^= flip;
        expect(readNumbered(payload)).toBeUndefined();
      },
    ),
  );
});
