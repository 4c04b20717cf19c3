import { expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { Account } from '../../../bridge/flow/account.ts';
import { DeadLetters } from '../../../bridge/flow/dead-letters.ts';
import type { LetterBox } from '../../../bridge/flow/letters.ts';
import { Settlement } from '../../../bridge/flow/settlement.ts';
import type { Source } from '../../../bridge/flow/source.ts';

// A transaction was aborted with a dead letter in it. The letter counted as under way from then on, and held its source for other sources' letters.
test('a dead letter that is dropped with its transaction is under way no more', () => {
  const source = {
    account: new Account(),
    settle: () => undefined,
    acknowledge: () => undefined,
    remains: () => ({ key: undefined, value: Buffer.from('x'), place: [] }),
  } as unknown as Source;
  const settlement = new Settlement<Source>(8);
  const box = { full: true, hasRoom: false, write: () => undefined } as unknown as LetterBox;
  const letters = new DeadLetters(settlement, box, { failed: () => undefined, raise: () => undefined });
  const slot = settlement.begin(settlement.add(source), 0, 0);
  letters.giveUp(
    slot,
    { rule: { name: 'r', version: 'v' } } as never,
    new MkbError('payload-not-json', { reason: '' } as never),
  );
  expect([letters.fullFor(source), letters.hasRoomFor(source)]).toEqual([true, false]);
  letters.dropped(slot);
  expect([letters.fullFor(source), letters.hasRoomFor(source)]).toEqual([false, true]);
});
