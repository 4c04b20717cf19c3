/**
 * The topics that are written to: what metadata says of each, and what becomes of the records of one that cannot be written to.
 *
 * Records of a topic that is absent wait in its lanes, and metadata is asked again for as long as they do. The surprising case is a topic that
 * was made again with fewer partitions. What was held for those that are gone goes to the others, by the records' keys: it arrives, and may be
 * behind a later record of its key. A record that named its partition goes to no other: it fails, once metadata was asked a few times.
 */
import { MkbError } from '../../api/errors.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Cluster } from './cluster.ts';
import type { Numbers } from './identity.ts';
import type { Lane } from './lane.ts';
import { draft, type ProducerRecord, type RecordDraft } from './record.ts';
import { type ParkedRecord, Topic } from './topic.ts';
import { type TopicDefaults, TopicMaker, type TopicMakerListener } from './topic-maker.ts';

/** Topics that cannot be written to are forgotten beyond this many topics, so that made-up names cannot fill the memory. */
const manyTopics = 1000;

/** What topics ask of the producer. */
export interface TopicsListener {
  /** As `Producer.append`, for a record that waited since a time. */
  append(topic: Topic, record: RecordDraft, token: number, since: number): void;
  /** This record will never be delivered. */
  failed(token: number, record: ProducerRecord, error: MkbError): void;
  /** A group of records has failed. */
  settled(): void;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
}

export interface TopicsOptions {
  /** What topics are made with that are missing and that the document does not name; without it they are not made. */
  readonly topicDefaults?: TopicDefaults | undefined;
  /** The producer's time, milliseconds. */
  readonly now: () => number;
}

/** How long a topic that was not made stays so. */
const refusedForMs = 60_000;

export class Topics {
  readonly #cluster: Cluster;
  readonly #identity: Numbers;
  readonly #listener: TopicsListener;
  readonly #now: () => number;
  readonly #maker: TopicMaker | undefined;
  readonly #topics = new Map<string, Topic>();
  /** Lanes of partitions that are gone, each with a batch whose answer is awaited. */
  readonly #gone = new Map<Lane, Topic>();
  /** Bytes of records that wait for partitions. */
  parkedBytes = 0;

  constructor(cluster: Cluster, identity: Numbers, options: TopicsOptions, listener: TopicsListener) {
    this.#cluster = cluster;
    this.#identity = identity;
    this.#listener = listener;
    this.#now = options.now;
    this.#maker = options.topicDefaults && new TopicMaker(cluster, options.topicDefaults, this.#makings, options.now);
  }

  /** How many were made because they were missing. */
  get made(): number {
    return this.#maker?.made ?? 0;
  }

  close(): void {
    this.#maker?.close();
  }

  get #makings(): TopicMakerListener {
    return {
      refused: (name, error) => {
        const topic = this.#topics.get(name);
        topic?.refuse(error, this.#now() + refusedForMs);
        if (topic) this.#giveUp(topic);
      },
      waits: (name, reason) => {
        const topic = this.#topics.get(name);
        if (topic) topic.unmade = reason;
      },
      problem: error => this.#listener.problem(error),
    };
  }

  all(): Iterable<Topic> {
    return this.#topics.values();
  }

  /**
   * @param named whether the document names it
   * @param inTurn whether it is written to one request at a time; it stays so
   */
  topic(name: string, named = false, inTurn = false): Topic {
    let topic = this.#topics.get(name);
    if (!topic) {
      topic = new Topic(name);
      this.#topics.set(name, topic);
      topic.named = named;
      topic.makeable = this.#maker !== undefined;
      const metadata = this.#cluster.topic(name);
      if (metadata) topic.learn(metadata);
    }
    topic.named ||= named;
    if (inTurn) topic.takeTurns();
    return topic;
  }

  park(topic: Topic, record: RecordDraft, token: number, since: number): void {
    topic.reconsider(this.#now());
    this.#park(topic, record, token, since);
    this.#makeMissing(topic);
    if (!topic.error) return;
    // It may have been made meanwhile.
    this.#cluster.refresh();
    queueMicrotask(() => this.#giveUp(topic));
  }

  /** Keeps a record whose partition is not known: the topic may have grown. Throws `kafka-partition-unknown` when it has not. */
  awaitPartition(topic: Topic, record: RecordDraft, token: number, since: number, answers = topic.answers): void {
    this.#cluster.refresh();
    const { partition } = record;
    if (topic.lacks(partition, answers))
      throw new MkbError('kafka-partition-unknown', { topic: topic.name, partition, count: topic.lanes.length });
    this.#park(topic, record, token, since, answers);
  }

  metadataRead(): void {
    for (const topic of this.#topics.values()) {
      const metadata = this.#cluster.topic(topic.name);
      if (!metadata) continue;
      for (const lane of topic.learn(metadata)) this.#lose(lane, topic);
      if (topic.error) this.#giveUp(topic);
      else if (topic.absence === 0) this.#unpark(topic);
      else if (topic.named || topic.awaited) this.#cluster.refresh();
      if (topic.doubtful) this.#cluster.refresh();
      this.#makeMissing(topic);
    }
    this.#moveOn();
  }

  /** Fails at most `most` records without a partition for which `errorOf` gives an error. Returns how many. */
  fail(topic: Topic, most: number, errorOf: (parked: ParkedRecord, reason: string) => MkbError | undefined): number {
    const reason = topic.absence === 0 ? 'its partitions are not known' : errorName(topic.absence);
    const failed: [ParkedRecord, MkbError][] = [];
    this.parkedBytes -= topic.parkedBytes;
    topic.siftParked(parked => {
      const error = failed.length < most ? errorOf(parked, reason) : undefined;
      if (error !== undefined) failed.push([parked, error]);
      return error === undefined;
    });
    this.parkedBytes += topic.parkedBytes;
    for (const [{ record, token }, error] of failed) this.#listener.failed(token, record as ProducerRecord, error);
    return failed.length;
  }

  /** Lets go of what waits for partitions, and of what is held for those that are gone. Returns the tokens. Nothing may be under way. */
  discard(): number[] {
    const tokens: number[] = [];
    for (const topic of this.#topics.values()) for (const { token } of this.#takeParked(topic)) tokens.push(token);
    for (const lane of this.#gone.keys()) for (const token of lane.discard()) tokens.push(token);
    this.#gone.clear();
    return tokens;
  }

  #park(topic: Topic, ...parked: Parameters<Topic['park']>): void {
    const before = topic.parkedBytes;
    topic.park(...parked);
    this.parkedBytes += topic.parkedBytes - before;
  }

  #unpark(topic: Topic): void {
    for (const { record, token, since, answers } of this.#takeParked(topic))
      this.#place(topic, record, token, since, answers);
  }

  /** As the listener's `append`, for a record that its token comes back of if there is no partition for it. */
  #place(topic: Topic, record: RecordDraft, token: number, since: number, answers = topic.answers): void {
    if (topic.laneOf(record) !== undefined) {
      this.#listener.append(topic, record, token, since);
      return;
    }
    try {
      this.awaitPartition(topic, record, token, since, answers);
    } catch (error) {
      this.#listener.failed(token, record as ProducerRecord, error as MkbError);
      this.#listener.settled();
    }
  }

  #makeMissing(topic: Topic): void {
    if (topic.isMissing) this.#maker?.want(topic.name);
  }

  /** Fails what waits for the partitions of a topic that there is not. */
  #giveUp(topic: Topic): void {
    const { error } = topic;
    if (!error) return;
    for (const { record, token } of this.#takeParked(topic))
      this.#listener.failed(token, record as ProducerRecord, error);
    if (this.#topics.size > manyTopics) this.#forget(topic);
    this.#listener.settled();
  }

  #takeParked(topic: Topic): ParkedRecord[] {
    this.parkedBytes -= topic.parkedBytes;
    return topic.unpark(topic.parked.length);
  }

  /** Should the partition come back, its count of our batches begins again, and so must ours. */
  #lose(lane: Lane, topic: Topic): void {
    this.#identity.supersede(lane.identity);
    this.#gone.set(lane, topic);
  }

  /** Moves what is held for partitions that are gone, but for what is under way: its answer decides, and we are asked again. */
  #moveOn(): void {
    for (const [lane, topic] of this.#gone) {
      if (lane.sending || topic.lanes.length === 0) continue;
      this.#gone.delete(lane);
      for (const batch of lane.drain()) {
        let index = 0;
        for (const record of batch.records()) this.#place(topic, draft(record), batch.tokens[index++]!, batch.since);
        batch.release();
      }
    }
  }

  #forget(topic: Topic): void {
    if (topic.established) return;
    this.#topics.delete(topic.name);
    this.#cluster.forget(topic.name);
  }
}
