import { expect, it } from 'vitest';
import { takesColour } from '../../cli/output.ts';

const stream = (isTTY: boolean | undefined, hasColors: boolean) =>
  ({ isTTY, hasColors: () => hasColors }) as unknown as NodeJS.WriteStream;

it('colours are for terminals that have them, and NO_COLOR counts as having none', () => {
  expect(takesColour(stream(true, true))).toBe(true);
  expect(takesColour(stream(true, false))).toBe(false);
  expect(takesColour(stream(undefined, true))).toBe(false);
});
