/**
 * Reads a topic of dead letters once, up to where it ended when reading began, one partition after the other and without a consumer group:
 * a command that looks takes part in nothing.
 *
 * Records go through the consumer's own parts, so they are checked as those of the bridge are. Memory is bounded by one answer of Kafka.
 * What is damaged or cannot be read for long ends the reading with the reason: somebody waits before a terminal.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { Cluster } from '../kafka/cluster.ts';
import { AssignedPartition } from '../kafka/consumer/assigned-partition.ts';
import { Intake, leaderOf } from '../kafka/consumer/intake.ts';
import { noGroup } from '../kafka/consumer/no-group.ts';
import type { OffsetReset } from '../kafka/consumer/offset-reset.ts';
import type { ConsumerOptions } from '../kafka/consumer/options.ts';
import { Positions } from '../kafka/consumer/positions.ts';
import { Reading } from '../kafka/consumer/reading.ts';
import { TopicLives } from '../kafka/consumer/topic-lives.ts';
import { requireTopics } from '../kafka/topic-admin.ts';
import { type Letter, letterOf } from './letter.ts';

/** Where letters go. */
export interface LetterTaker {
  letter(letter: Letter): void;
  /** Settles when there is room for another; undefined when there is. */
  room(): Promise<void> | undefined;
  /** Whether no more are wanted. */
  readonly enough: boolean;
  /** What one answer of Kafka held was handed over, or as much as there was room for. */
  readEnd?(): void;
  /** Everything before this offset was handed over. */
  passed?(partition: number, offset: bigint): void;
}

/** Where reading begins. */
export interface ReadFrom {
  /** Letters before this time (milliseconds since 1970) need not come. */
  readonly since?: number | undefined;
  /** Nor need those before these offsets, by partition. */
  readonly offsets?: readonly bigint[];
}

/** What a partition has: offsets from `start` up to `end`, which is not there yet. */
interface Extent {
  readonly start: bigint;
  end: bigint;
}

/** Failures of one partition in a row, or answers without anything, after which it is given up: several seconds. */
const patience = 8;

export class LetterReader {
  readonly #options: ConsumerOptions;
  readonly #topic: string;
  readonly #problem: (error: MkbError) => void;
  readonly cluster: Cluster;
  readonly #reading: Reading;
  #extents: readonly Extent[] = [];
  /** Offsets that have been passed, over all partitions. */
  passed = 0;

  /** @param problem called with what failed and is tried again */
  constructor(options: ConsumerOptions, topic: string, problem: (error: MkbError) => void) {
    this.#options = options;
    this.#topic = topic;
    this.#problem = problem;
    this.cluster = new Cluster(options.cluster, {
      linkChanged: () => undefined,
      metadataRead: () => undefined,
      problem,
    });
    this.#reading = new Reading(options, this.cluster);
  }

  /** Finds out what the topic has. Throws as `Cluster.connect` and `requireTopics`, and if a partition has no leader. Call first. */
  async open(): Promise<void> {
    await this.cluster.connect();
    await requireTopics(this.cluster, [this.#topic]);
    // The end first: what is written meanwhile is not between the two.
    const ends = await this.#find('latest');
    const starts = await this.#find('earliest');
    this.#extents = starts.map((start, partition) => ({ start, end: ends[partition] ?? start }));
  }

  get partitions(): number {
    return this.#extents.length;
  }

  /** Offsets there are to pass, over all partitions: as many as letters, or some more. */
  get total(): number {
    return this.#extents.reduce((sum, { start, end }) => sum + Math.max(0, Number(end - start)), 0);
  }

  /** Hands over all letters, those of a partition in their order. Throws why a partition cannot be read. */
  async read(taker: LetterTaker, { since, offsets = [] }: ReadFrom = {}): Promise<void> {
    const from = since === undefined ? [] : await this.#find({ at: since });
    for (const [partition, { start, end }] of this.#extents.entries()) {
      const first = lesser(end, greatest(start, from[partition] ?? start, offsets[partition] ?? start));
      this.passed += Number(first - start);
      if (!taker.enough) await this.#readPartition(partition, first, taker);
    }
  }

  /** The letter of one place. Throws `dead-letter-missing`. */
  async at(partition: number, offset: bigint): Promise<Letter> {
    const { start, end } = this.#extents[partition] ?? { start: 0n, end: 0n };
    const found: Letter[] = [];
    const taker = {
      letter: (letter: Letter) => found.push(letter),
      room: () => undefined,
      get enough() {
        return found.length > 0;
      },
    };
    if (offset >= start && offset < end) await this.#readPartition(partition, offset, taker);
    if (found[0]?.offset === offset) return found[0];
    throw new MkbError('dead-letter-missing', {
      topic: this.#topic,
      place: `${partition}:${offset}`,
      has: this.#inWords(partition),
    });
  }

  close(): void {
    this.cluster.close();
  }

  #inWords(partition: number): string {
    const extent = this.#extents[partition];
    if (extent === undefined) return `its partitions are 0 to ${this.#extents.length - 1}`;
    const { start, end } = extent;
    return start === end ? `partition ${partition} is empty` : `partition ${partition} has ${start} to ${end - 1n}`;
  }

  /** Of each partition, where a group without offsets would begin. */
  async #find(offsetReset: OffsetReset): Promise<bigint[]> {
    const found = (await this.#positions(offsetReset).of([this.#topic])).get(this.#topic)!;
    if (MkbError.is(found)) throw found;
    return found.map(({ position }) => position);
  }

  #positions(offsetReset: OffsetReset): Positions {
    const { groupId } = this.#options;
    return new Positions({ groupId, offsetReset }, this.cluster, noGroup, new TopicLives());
  }

  async #readPartition(number: number, first: bigint, taker: LetterTaker): Promise<void> {
    const extent = this.#extents[number]!;
    const partition = new AssignedPartition({ topic: this.#topic, partition: number }, () => undefined);
    partition.begin({ position: first, committed: undefined, topicId: this.cluster.topic(this.#topic)?.id });
    const offsets = partition.offsets!;
    const isOver = () => taker.enough || offsets.position >= extent.end;
    const intake = this.#intake(extent, taker);
    let empty = 0;
    for (let before = first; !isOver(); before = offsets.position) {
      await this.#readOnce(partition, intake, extent, isOver);
      const { trouble, failures, readableAt } = partition;
      if (trouble !== undefined && (trouble.kind === 'permanent' || failures >= patience)) throw trouble;
      const position = lesser(offsets.position, extent.end);
      this.passed += Math.max(0, Number(position - before));
      if (!taker.enough) taker.passed?.(number, position);
      empty = trouble === undefined && offsets.position === before ? empty + 1 : 0;
      if (empty >= patience) throw silence(partition);
      await pause(Math.max(0, readableAt - performance.now()));
    }
  }

  async #readOnce(partition: AssignedPartition, intake: Intake, extent: Extent, isOver: () => boolean): Promise<void> {
    try {
      const [fetched] = await this.#reading.fetch(leaderOf(this.cluster, partition), [partition]);
      // What was there may be gone: records are deleted by age, and a new leader may have fewer.
      if (fetched!.answer.errorCode === 0) extent.end = lesser(extent.end, fetched!.answer.highWatermark);
      await intake.take(fetched!, isOver);
    } catch (error) {
      partition.trouble = asMkbError(error);
      const { minDelayMs, maxDelayMs } = this.cluster.retry;
      partition.readableAt = performance.now() + backoffMs(partition.failures++, minDelayMs, maxDelayMs);
      this.#problem(partition.trouble);
      this.cluster.refresh();
    }
  }

  #intake(extent: Extent, taker: LetterTaker): Intake {
    return new Intake(
      this.cluster,
      this.#positions('earliest'),
      {
        record: (partition, record, taken) => {
          if (record.offset < extent.end && !taker.enough) taker.letter(letterOf(partition.partition, record));
          partition.settle(taken);
        },
        room: () => taker.room(),
        problem: error => this.#problem(error),
        refused: error => this.#problem(error),
        readEnd: () => taker.readEnd?.(),
        takenAway: () => undefined,
        assigned: () => undefined,
        strangers: () => undefined,
      },
      this.cluster.retry.minDelayMs,
    );
  }
}

const lesser = (left: bigint, right: bigint): bigint => (left < right ? left : right);
const greatest = (...all: readonly bigint[]): bigint => all.reduce((most, each) => (each > most ? each : most));

const silence = ({ topic, partition, offsets }: AssignedPartition): MkbError =>
  new MkbError('kafka-request-failed', {
    what: `read partition ${partition} of ${topic}`,
    reason: `it gives no records at ${offsets!.position}, although it has some`,
  });
