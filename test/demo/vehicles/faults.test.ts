import { expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { faultDice, parseFaults } from '../../../demo/vehicles/faults.ts';

test('the grammar reads every fault, with and without its detail', () => {
  expect(parseFaults([])).toEqual({});
  expect(parseFaults(['dropout:0.01', 'malformed:.5', 'burst:1'])).toEqual({
    dropout: { probability: 0.01, awayMs: 10_000 },
    malformed: { probability: 0.5 },
    burst: { probability: 1, count: 20 },
  });
  expect(parseFaults(['dropout:0.5:1m', 'burst:0:3'])).toEqual({
    dropout: { probability: 0.5, awayMs: 60_000 },
    burst: { probability: 0, count: 3 },
  });
});

test.each([
  'dropout',
  'dropout:',
  'dropout:2',
  'dropout:-1',
  'dropout:0.1:soon',
  'malformed:0.1:3',
  'burst:0.1:1',
  'burst:0.1:1001',
  'burst:0.1:x',
  'burst:0.1:5:6',
  'flood:0.1',
  '',
])('the fault "%s" is refused with the grammar', text => {
  const parse = () => parseFaults([text]);
  expect(parse).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  try {
    parse();
  } catch (error) {
    expect(MkbError.is(error, 'option-invalid') && error.details).toMatchObject({ option: '--fault', found: text });
  }
});

test('faults come as often as asked, and at the same turns for the same seed', () => {
  const turns = () => {
    const dice = faultDice(parseFaults(['malformed:0.1', 'burst:0.05:7']), 1, 3);
    return Array.from({ length: 10_000 }, dice);
  };
  const [first, second] = [turns(), turns()];
  expect(first).toEqual(second);
  expect(first.filter(({ share }) => share < 1).length).toBeGreaterThan(850);
  expect(first.filter(({ share }) => share < 1).length).toBeLessThan(1150);
  expect(first.filter(({ count }) => count === 7).length).toBeGreaterThan(400);
  expect(first.every(({ awayMs }) => awayMs === 0)).toBe(true);
});
