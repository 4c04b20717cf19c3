import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { place } from '../../dashboards/layout.ts';

const panel = (w: number, h: number): Panel => ({ type: 'stat', gridPos: { x: 0, y: 0, w, h } });
const placed = (sizes: readonly (readonly [number, number])[], top = 0) => {
  const panels = sizes.map(([w, h]) => panel(w, h));
  const bottom = place(panels, top);
  return { bottom, positions: panels.map(({ gridPos }) => gridPos!) };
};

test('low panels stand one above the other beside a high one', () => {
  const { positions, bottom } = placed(
    [
      [12, 16],
      [12, 8],
      [12, 8],
      [24, 4],
    ],
    1,
  );
  expect(positions).toMatchObject([
    { x: 0, y: 1 },
    { x: 12, y: 1 },
    { x: 12, y: 9 },
    { x: 0, y: 17 },
  ]);
  expect(bottom).toBe(21);
});

test('no panel is over another, beyond the columns or above the first line', () => {
  const size = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 20 }), fc.nat(50), (sizes, top) => {
      const { positions, bottom } = placed(sizes, top);
      const cells = positions.flatMap(({ x, y, w, h }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      for (const { x, y, w, h } of positions) {
        expect(x >= 0 && x + w <= 24 && y >= top && y + h <= bottom).toBe(true);
      }
    }),
  );
});
