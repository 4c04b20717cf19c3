/**
 * Where every partition begins and ends, as last found.
 *
 * A partition that has no leader for a while keeps its place: without it the sum over a topic would fall and rise again, and rate(), which takes
 * a fall for a counter that began again, would see a burst of records that never was.
 */
import type { PartitionOffset } from './cluster-state.ts';

export interface Ends {
  readonly start: number;
  readonly end: number;
  /** The round that found it so. */
  readonly round: number;
}

export class PartitionEnds {
  #topics = new Map<string, (Ends | undefined)[]>();
  #round = 0;

  /** Begins a round, with all partitions that there are. Those that are no more are forgotten. */
  begin(partitions: Iterable<{ readonly topic: string; readonly partition: number }>): void {
    const known = this.#topics;
    this.#topics = new Map();
    this.#round++;
    for (const { topic, partition } of partitions) this.#of(topic)[partition] = known.get(topic)?.[partition];
  }

  /** Notes what this round has found. What has no start has no end. */
  note(starts: readonly PartitionOffset[], ends: readonly PartitionOffset[]): void {
    const startOf = Map.groupBy(starts, ({ topic }) => topic);
    for (const { topic, partition, offset: end } of ends) {
      const start = startOf.get(topic)?.find(each => each.partition === partition)?.offset;
      if (start !== undefined) this.#of(topic)[partition] = { start, end, round: this.#round };
    }
  }

  /** What this round has found of a partition. */
  now(topic: string, partition: number): Ends | undefined {
    const ends = this.#topics.get(topic)?.[partition];
    return ends?.round === this.#round ? ends : undefined;
  }

  /** Where some partitions of a topic begin and end; undefined if it is not known of all, or if this round has found none of them. */
  all(topic: string, partitions: readonly { readonly partition: number }[]): readonly Ends[] | undefined {
    const known = this.#topics.get(topic) ?? [];
    const ends = partitions.map(({ partition }) => known[partition]).filter(each => each !== undefined);
    return ends.length === partitions.length && ends.some(({ round }) => round === this.#round) ? ends : undefined;
  }

  #of(topic: string): (Ends | undefined)[] {
    let ends = this.#topics.get(topic);
    if (!ends) {
      ends = [];
      this.#topics.set(topic, ends);
    }
    return ends;
  }
}
