/**
 * A topic being written to: its lanes, which partition the next record goes to, and the records that came before its partitions were known.
 */
import type { MkbError } from '../../api/errors.ts';
import { type TopicMetadata, topicError, unknownAnswers, unknownTopic } from './cluster.ts';
import { Lane } from './lane.ts';
import { partitionOfKey } from './partitioner.ts';
import { copied, memoryOf, type RecordDraft } from './record.ts';

/** A record that waits for its topic's partitions, copied out of the buffer it came in. */
export interface ParkedRecord {
  readonly record: RecordDraft;
  readonly token: number;
}

export class Topic {
  readonly name: string;
  readonly lanes: Lane[] = [];
  readonly parked: ParkedRecord[] = [];
  /** Memory held by `parked`, bytes. */
  parkedBytes = 0;
  /** Why nothing can be written to it; undefined while it can, or while that is not known. */
  error: MkbError | undefined;
  #unknownAnswers = 0;
  #sticky = -1;

  constructor(name: string) {
    this.name = name;
  }

  /** Takes what metadata says: new partitions, leaders that moved, or that the topic cannot be written to. */
  learn({ leaders, errorCode }: TopicMetadata): void {
    if (errorCode !== 0) {
      this.#learnError(errorCode);
      return;
    }
    this.#unknownAnswers = 0;
    this.error = undefined;
    for (const [partition, leader = -1] of leaders.entries()) {
      this.lanes[partition] ??= new Lane(this.name, partition);
      this.lanes[partition].leader = leader;
    }
  }

  /** The lane of a record: by its key as Java's client does, or, without a key, one lane until its batch is full, then another. */
  laneOf(record: RecordDraft): Lane {
    if (record.key) return this.lanes[partitionOfKey(record.key, record.keyStart, record.keyEnd, this.lanes.length)]!;
    if (this.#sticky < 0) this.turn();
    return this.lanes[this.#sticky]!;
  }

  /** Keyless records go to the next partition that has a leader from now on. */
  turn(): void {
    const count = this.lanes.length;
    for (let step = 1; step <= count; step++) {
      const candidate = (this.#sticky + step) % count;
      if (this.lanes[candidate]!.leader >= 0) {
        this.#sticky = candidate;
        return;
      }
    }
    this.#sticky = (this.#sticky + 1) % count;
  }

  /** The topic has only this many partitions now. The lanes behind them are empty. */
  shrink(partitions: number): void {
    this.lanes.length = partitions;
    this.#sticky = -1;
  }

  /** Keeps a copy of a record until the partitions are known. */
  park(record: RecordDraft, token: number): void {
    const copy = copied(record);
    this.parkedBytes += memoryOf(copy);
    this.parked.push({ record: copy, token });
  }

  #learnError(errorCode: number): void {
    const believed = errorCode !== unknownTopic || ++this.#unknownAnswers >= unknownAnswers;
    if (believed) this.error = topicError(this.name, errorCode);
  }
}
