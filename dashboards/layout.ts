/**
 * Where panels go. Each is put as high as it fits, and there as far left as it fits, in the order given: so three low panels stand
 * beside a high one, where the SDK's own builder would leave a hole.
 */
import type { GridPos, Panel } from '@grafana/grafana-foundation-sdk/dashboard';

const columns = 24;

/**
 * Places panels of known width and height, in place.
 *
 * @param top the first free line
 * @returns the first free line below them
 */
export function place(panels: readonly Panel[], top: number): number {
  /** The first free line of each column. */
  const free = new Array<number>(columns).fill(top);
  for (const panel of panels) {
    const { w, h } = panel.gridPos!;
    const { x, y } = highest(free, w);
    panel.gridPos = { x, y, w, h };
    free.fill(y + h, x, x + w);
  }
  return largest(free);
}

function highest(free: readonly number[], width: number): Pick<GridPos, 'x' | 'y'> {
  let best = { x: 0, y: Number.POSITIVE_INFINITY };
  for (let x = 0; x + width <= columns; x++) {
    const y = largest(free.slice(x, x + width));
    if (y < best.y) best = { x, y };
  }
  return best;
}

const largest = (numbers: readonly number[]): number => numbers.reduce((most, each) => Math.max(most, each));
