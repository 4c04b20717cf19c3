import type { Lane } from './lane.ts';

/**
 * Lanes by their leaders. Those that take turns come first, before all the one that has waited longest: a leader that always has something to send
 * would otherwise keep the turn from another.
 */
export function byLeader(lanes: readonly Lane[]): ReadonlyMap<number, Lane[]> {
  const inTurn = lanes.filter(({ turn }) => turn !== undefined);
  if (inTurn.length === 0) return grouped(lanes);
  const others = lanes.filter(({ turn }) => turn === undefined);
  return grouped([...inTurn.sort((left, right) => left.oldest - right.oldest), ...others]);
}

function grouped(lanes: readonly Lane[]): Map<number, Lane[]> {
  const groups = new Map<number, Lane[]>();
  for (const lane of lanes) {
    const group = groups.get(lane.leader);
    if (group === undefined) groups.set(lane.leader, [lane]);
    else group.push(lane);
  }
  return groups;
}
