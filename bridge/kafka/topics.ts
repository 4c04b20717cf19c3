/**
 * The topics that are written to: what metadata says of each, and what becomes of the records of one that cannot be written to.
 */
import { MkbError } from '../../api/errors.ts';
import type { Cluster } from './cluster.ts';
import type { FinalFailures } from './final-failures.ts';
import type { Lane } from './lane.ts';
import type { Record, RecordDraft } from './record.ts';
import { Topic } from './topic.ts';

/** Topics that cannot be written to are forgotten beyond this many topics, so that made-up names cannot fill the memory. */
const manyTopics = 1000;

/** What topics ask of the producer. */
export interface TopicsListener {
  /** As `Producer.append`, for a record that waited. */
  append(topic: Topic, record: RecordDraft, token: number): void;
  /** This record will never be delivered. */
  failed(token: number, record: Record, error: MkbError): void;
  /** A group of records has failed. */
  settled(): void;
}

export class Topics {
  readonly #cluster: Cluster;
  readonly #failures: FinalFailures;
  readonly #listener: TopicsListener;
  readonly #topics = new Map<string, Topic>();
  /** Bytes of records that wait for partitions. */
  parkedBytes = 0;

  constructor(cluster: Cluster, failures: FinalFailures, listener: TopicsListener) {
    this.#cluster = cluster;
    this.#failures = failures;
    this.#listener = listener;
  }

  topic(name: string): Topic {
    let topic = this.#topics.get(name);
    if (!topic) {
      topic = new Topic(name);
      this.#topics.set(name, topic);
      const metadata = this.#cluster.topic(name);
      if (metadata) topic.learn(metadata);
    }
    return topic;
  }

  park(topic: Topic, record: RecordDraft, token: number): void {
    const before = topic.parkedBytes;
    topic.park(record, token);
    this.parkedBytes += topic.parkedBytes - before;
    if (topic.error) queueMicrotask(() => this.#giveUp(topic));
  }

  metadataRead(): void {
    for (const topic of this.#topics.values()) {
      const metadata = this.#cluster.topic(topic.name);
      if (!metadata) continue;
      topic.learn(metadata);
      if (topic.error) this.#giveUp(topic);
      else if (metadata.errorCode !== 0) this.#cluster.refresh();
      else {
        this.#loseLanes(topic, metadata.leaders.length);
        this.#unpark(topic);
      }
    }
  }

  #unpark(topic: Topic): void {
    if (topic.parked.length === 0) return;
    this.parkedBytes -= topic.parkedBytes;
    topic.parkedBytes = 0;
    for (const { record, token } of topic.parked.splice(0)) this.#listener.append(topic, record, token);
  }

  /** Fails everything that is held for a topic that cannot be written to. */
  #giveUp(topic: Topic): void {
    const error = topic.error;
    if (!error) return;
    this.parkedBytes -= topic.parkedBytes;
    topic.parkedBytes = 0;
    for (const { record, token } of topic.parked.splice(0)) this.#listener.failed(token, record as Record, error);
    for (const lane of topic.lanes) this.#drain(lane, error);
    if (this.#topics.size > manyTopics) this.#forget(topic);
    this.#listener.settled();
  }

  /** A topic was deleted and made again with fewer partitions: what is held for the others has nowhere to go. */
  #loseLanes(topic: Topic, partitions: number): void {
    const lost = topic.lanes.slice(partitions);
    if (lost.length === 0) return;
    for (const lane of lost) this.#drain(lane, new MkbError('kafka-unknown-topic', { topic: topic.name }));
    if (lost.every(lane => lane.empty)) topic.shrink(partitions);
    else this.#cluster.refresh();
    this.#listener.settled();
  }

  /** Fails what a lane holds, unless it is under way: then its answer decides, and we are asked again. */
  #drain(lane: Lane, error: MkbError): void {
    if (lane.sending) return;
    for (const batch of this.#failures.drain(lane, error)) batch.release();
  }

  #forget(topic: Topic): void {
    // One that ever had partitions is a real one, and may be held by a sink.
    if (topic.lanes.length > 0) return;
    this.#topics.delete(topic.name);
    this.#cluster.forget(topic.name);
  }
}
