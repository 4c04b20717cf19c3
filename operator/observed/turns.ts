/**
 * Works through what several parties wait for, so many at once, and none of them holds up the others: each has at most a quarter of the places, and of
 * one whose time is over nothing more is begun.
 */

export interface TurnsOptions {
  readonly atOnce: number;
  /** How long one party may take, milliseconds. */
  readonly limitMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** @param work never rejects */
export async function inTurns<T>(
  parties: Iterable<readonly T[]>,
  work: (item: T) => Promise<void>,
  { atOnce, limitMs, now, signal }: TurnsOptions,
): Promise<void> {
  const each = Math.max(1, Math.floor(atOnce / 4));
  const until = now() + limitMs;
  const lanes = [...parties].map(items => ({ waiting: [...items], active: 0 }));
  const next = () => lanes.find(({ waiting, active }) => waiting.length > 0 && active < each);
  const worker = async () => {
    for (let lane = next(); lane && !signal.aborted && now() <= until; lane = next()) {
      // Who has had a turn comes last.
      lanes.splice(lanes.indexOf(lane), 1);
      lanes.push(lane);
      lane.active++;
      await work(lane.waiting.shift()!);
      lane.active--;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
