/**
 * A topic being written to: its lanes, which partition the next record goes to, and the records that came before its partitions were known.
 *
 * A topic is established when the document names it, or when it had partitions once. What metadata then says against it is an outage
 * (somebody makes the topic again, or changes a right for a moment): it is absent, and its records wait. Any other name may have been made
 * up by a message: it gets an error, and its records fail.
 */
import type { MkbError } from '../../api/errors.ts';
import { Lane } from './lane.ts';
import type { TopicMetadata } from './metadata-api.ts';
import { copied, memoryOf } from './parked-record.ts';
import { partitionOfKey } from './partitioner.ts';
import type { RecordDraft } from './record.ts';
import { topicError, unknownAnswers, unknownTopic } from './topic-error.ts';
import { Turn } from './turn.ts';

/** A record that waits for its topic's partitions, copied out of the buffer it came in. */
export interface ParkedRecord {
  readonly record: RecordDraft;
  readonly token: number;
  /** When it came, in the producer's time. */
  readonly since: number;
  /** The topic's `answers` when it came. */
  readonly answers: number;
  /** How often Kafka answered since that there is no such topic. */
  refusals: number;
}

/** So many records for partitions that there are not are a flood. */
const manyLacking = 100;

export class Topic {
  readonly name: string;
  readonly lanes: Lane[] = [];
  parked: ParkedRecord[] = [];
  /** Memory held by `parked`, bytes. */
  parkedBytes = 0;
  /** Whether the document names it. */
  named = false;
  /** Whether it is made when it is missing, so that this is no error (topic-maker.ts). */
  makeable = false;
  /** Why it is not made yet, in words. */
  unmade: string | undefined;
  /** Until when `error` is believed, if it is why the topic was not made. */
  #refusedUntil = Number.POSITIVE_INFINITY;
  /** What metadata says against it, a protocol's error code; 0 while it has partitions, or while that is not known. */
  absence = 0;
  /** Why nothing will ever be written to it; undefined for one that is established, and while it is not known. */
  error: MkbError | undefined;
  /** How often metadata said which partitions it has. */
  answers = 0;
  #unknownAnswers = 0;
  /** The smallest partition that a record asked for in vain, how many did, and whether one did since the last answer. */
  #absentFrom = Number.POSITIVE_INFINITY;
  #lacking = 0;
  #askedInVain = false;
  #sticky = -1;
  /** Undefined unless it is written to in turn. */
  #turn: Turn | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** From now on one request at a time is under way for it, and none waits for more records. */
  takeTurns(): void {
    if (this.#turn) return;
    this.#turn = new Turn();
    for (const lane of this.lanes) lane.take(this.#turn);
  }

  get established(): boolean {
    return this.named || this.lanes.length > 0;
  }

  /** Whether it has to be made: records wait for it, and metadata does not know it. */
  get isMissing(): boolean {
    return this.makeable && this.absence === unknownTopic && !this.established && this.parked.length > 0;
  }

  /** It is not made, and its records fail. @param until when that may be different, in the producer's time */
  refuse(error: MkbError, until: number): void {
    this.error = error;
    this.unmade = undefined;
    this.#refusedUntil = until;
  }

  /** Asks again for what was refused, when the time is over. */
  reconsider(now: number): void {
    if (now < this.#refusedUntil) return;
    this.#refusedUntil = Number.POSITIVE_INFINITY;
    this.error = undefined;
  }

  /** Whether records wait for it. */
  get awaited(): boolean {
    return this.parked.length > 0 || this.lanes.some(lane => !lane.empty);
  }

  /**
   * Takes what metadata says: new partitions, leaders that moved, or that it cannot be written to.
   *
   * @returns lanes of partitions that are no more: it was made again with fewer
   */
  learn({ leaders, errorCode }: TopicMetadata): Lane[] {
    this.absence = errorCode;
    if (errorCode !== 0) {
      this.#learnAbsence(errorCode);
      return [];
    }
    this.#unknownAnswers = 0;
    this.error = undefined;
    this.unmade = undefined;
    this.answers++;
    if (!this.#askedInVain || leaders.length > this.#absentFrom) this.#forgetLacking();
    this.#askedInVain = false;
    for (const [partition, leader = -1] of leaders.entries()) {
      this.lanes[partition] ??= this.#newLane(partition);
      this.lanes[partition].leader = leader;
    }
    const gone = this.lanes.splice(leaders.length);
    for (const lane of gone) lane.leader = -1;
    if (gone.length > 0) this.#sticky = -1;
    return gone;
  }

  /**
   * The lane of a record: of the partition that it names, by its key as Java's client does, or, without a key, one lane until its batch is full,
   * then another. Undefined for a partition that is not known.
   */
  laneOf(record: RecordDraft): Lane | undefined {
    if (record.partition >= 0) return this.lanes[record.partition];
    if (record.key) return this.lanes[partitionOfKey(record.key, record.keyStart, record.keyEnd, this.lanes.length)]!;
    if (this.#sticky < 0) this.turn();
    return this.lanes[this.#sticky]!;
  }

  /**
   * Whether there is no such partition, of those that are not known. The topic may have grown, and a broker may not know yet, so a few answers are
   * waited for. In a flood of such records only the first wait: messages behind them would wait too.
   *
   * @param since the `answers` when the record came
   */
  lacks(partition: number, since: number): boolean {
    const flooded = this.#lacking >= manyLacking && partition >= this.#absentFrom;
    if (!flooded && this.answers - since < unknownAnswers) return false;
    this.#absentFrom = Math.min(this.#absentFrom, partition);
    this.#lacking++;
    this.#askedInVain = true;
    return true;
  }

  /** Whether metadata is to be asked again soon, because of what `lacks` said. */
  get doubtful(): boolean {
    return this.#lacking > 0;
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

  /** Keeps a copy of a record until the partitions are known, or its own is. */
  park(record: RecordDraft, token: number, since: number, answers = this.answers): void {
    const copy = copied(record);
    this.parkedBytes += memoryOf(copy);
    this.parked.push({ record: copy, token, since, answers, refusals: 0 });
  }

  /** Takes the oldest `count` of the records that were kept. */
  unpark(count: number): ParkedRecord[] {
    const taken = this.parked.splice(0, count);
    for (const { record } of taken) this.parkedBytes -= memoryOf(record);
    return taken;
  }

  /** Keeps those for which `stays` says so. */
  siftParked(stays: (parked: ParkedRecord) => boolean): void {
    this.parked = this.parked.filter(parked => {
      const kept = stays(parked);
      if (!kept) this.parkedBytes -= memoryOf(parked.record);
      return kept;
    });
  }

  /** Kafka says that nothing can be written to it, or to partitions of it, now. */
  refused(): void {
    if (this.absence !== 0) for (const parked of this.parked) parked.refusals++;
    for (const lane of this.lanes) if (lane.leader < 0 && !lane.sending && !lane.empty) lane.refused();
  }

  #newLane(partition: number): Lane {
    const lane = new Lane(this.name, partition);
    if (this.#turn) lane.take(this.#turn);
    return lane;
  }

  #forgetLacking(): void {
    this.#absentFrom = Number.POSITIVE_INFINITY;
    this.#lacking = 0;
  }

  #learnAbsence(errorCode: number): void {
    for (const lane of this.lanes) lane.leader = -1;
    const believed = errorCode !== unknownTopic || ++this.#unknownAnswers >= unknownAnswers;
    if (this.makeable && errorCode === unknownTopic) return;
    if (believed && !this.established) this.error = topicError(this.name, errorCode);
  }
}
