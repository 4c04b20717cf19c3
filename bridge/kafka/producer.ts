/**
 * The producer: records go into lanes, lanes' batches go to their leaders, and the handler hears what becomes of them.
 *
 * One function, `#pump`, decides what is sent: it looks at every lane that holds something, sends all that is due, one request for all
 * lanes of a leader, and sets one timer for what is due next. It runs when a batch became full, when an answer came, when the cluster
 * changed, and when that timer rings. So there is no timer and no promise per record, and nothing to go wrong between them.
 *
 * What an answer means for its batches is in answers.ts. Memory is bounded by the caller: it stops appending while `full` is true.
 */
import { Answers } from './answers.ts';
import { BufferPool } from './buffer-pool.ts';
import { byLeader } from './by-leader.ts';
import { Cluster } from './cluster.ts';
import { FinalFailures } from './final-failures.ts';
import { GivingUp } from './giving-up.ts';
import type { Numbers } from './identity.ts';
import type { Lane } from './lane.ts';
import { Linger } from './linger.ts';
import { numbersOf } from './numbers.ts';
import type { ProducerHandler, ProducerOptions } from './producer-options.ts';
import type { RecordDraft } from './record.ts';
import { partsOf, Requests } from './requests.ts';
import type { Topic } from './topic.ts';
import { Topics } from './topics.ts';
import type { Transaction } from './transaction.ts';
import type { UnreachableLeader, Wait } from './waits.ts';
import { Watch } from './watch.ts';

export class Producer {
  readonly cluster: Cluster;
  /** Memory that others hold for the same records, which counts too. */
  alsoHeld: () => number = () => 0;
  readonly #options: ProducerOptions;
  readonly #now: () => number;
  readonly #pool: BufferPool;
  /** Of which all records are part; undefined without transactions. */
  readonly transaction: Transaction | undefined;
  readonly #identity: Numbers;
  readonly #topics: Topics;
  readonly #answers: Answers;
  readonly #watch: Watch;
  readonly #requests: Requests;
  readonly #batchBytes: number;
  /** Lanes that hold records. */
  readonly #active = new Set<Lane>();
  readonly #linger: Linger;
  /** Whether a batch became full, or an empty lane was filled, since the last look. */
  #stirred = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ProducerOptions, handler: ProducerHandler) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#linger = new Linger(options);
    this.#batchBytes = Math.min(options.batchBytes, options.maxRequestBytes);
    this.#pool = new BufferPool(Math.min(options.maxBytes, 32 * 1024 * 1024));
    this.cluster = new Cluster(options.cluster, {
      linkChanged: () => {
        handler.linkChanged?.();
        this.#pump();
      },
      metadataRead: () => {
        this.#topics.metadataRead();
        this.#watch.connect();
        this.#pump();
      },
      problem: error => handler.problem(error),
    });
    const { transaction, numbers } = numbersOf(options, this.cluster, handler, () => this.#pump());
    this.transaction = transaction;
    this.#identity = numbers;
    this.#requests = new Requests(options, partsOf(options, this.#identity, this.#now), {
      answered: (link, lanes, outcome) => this.#answers.answered(link, lanes, outcome),
      tooLarge: lanes => this.#answers.tooLarge(lanes),
    });
    const failures = new FinalFailures(this.#identity, (token, record, error) => handler.failed(token, record, error));
    this.#topics = new Topics(
      this.cluster,
      this.#identity,
      { ...options, now: this.#now },
      {
        problem: error => handler.problem(error),
        append: (topic, record, token, since) => this.#place(topic, record, token, () => since),
        failed: (token, record, error) => handler.failed(token, record, error),
        settled: () => {
          handler.settled();
          this.#pump();
        },
      },
    );
    const { cluster } = this;
    const topics = this.#topics;
    const parts = { cluster, topics, failures };
    const givingUp = new GivingUp(options, handler, parts, this.#now, () => {
      handler.settled();
      this.#pump();
    });
    this.#watch = new Watch(options, { cluster, topics, givingUp }, this.#now);
    const judges = { identity: numbers, failures, givingUp, requests: this.#requests, now: this.#now };
    this.#answers = new Answers(
      options,
      handler,
      { cluster, ...judges },
      { emptied: lane => this.#active.delete(lane), changed: () => this.#pump() },
    );
  }

  /** Connects and gets a producer id. Throws as `Cluster.connect` does; call again to retry what is retryable. */
  async start(): Promise<void> {
    await this.cluster.connect();
    await this.#identity.obtain();
  }

  /**
   * The topic's writer. Its partitions are learned when it is first asked for.
   *
   * @param named whether the document names it: then its records wait for it, even if it never had a partition
   * @param inTurn whether it is written to one request at a time, without linger; it stays so
   */
  topic(name: string, named = false, inTurn = false): Topic {
    return this.#topics.topic(name, named, inTurn);
  }

  /**
   * Takes a record. Call `readEnd` after a group of them. `token` is a small integer that comes back with the outcome.
   *
   * Throws `kafka-partition-unknown`; then the token does not come back.
   */
  append(topic: Topic, record: RecordDraft, token: number): void {
    this.#place(topic, record, token, this.#now);
  }

  /** @param came gives the time at which the record came */
  #place(topic: Topic, record: RecordDraft, token: number, came: () => number): void {
    if (topic.error || topic.lanes.length === 0) {
      this.#topics.park(topic, record, token, came());
      return;
    }
    const lane = topic.laneOf(record);
    if (lane === undefined) {
      this.#topics.awaitPartition(topic, record, token, came());
      return;
    }
    if (lane.empty) {
      this.#active.add(lane);
      this.#stirred = true;
    }
    if (lane.append(record, token, came, this.#batchBytes, this.#pool)) {
      this.#stirred = true;
      this.#linger.endedEarly();
      if (!record.key && record.partition < 0) topic.turn();
    }
  }

  /** A group of records has been appended: sends the batches that became full, and sees to it that the others go in time. */
  readEnd(): void {
    if (this.#stirred) this.#pump();
  }

  /** The source can send no more until something is delivered: waiting for more records would be waiting for nothing. */
  sendNow(): void {
    for (const lane of this.#active) lane.close();
    this.#linger.endedEarly();
    this.#pump();
  }

  /** Whether more bytes are held than `maxBytes`. */
  get full(): boolean {
    return this.#holdsMoreThan(this.#options.maxBytes);
  }

  /** Whether so much of `maxBytes` is free again that appending may go on. */
  get hasRoom(): boolean {
    return !this.#holdsMoreThan(0.75 * this.#options.maxBytes);
  }

  /** Memory that is held for records which are not delivered: batches, records that wait for a topic, and what `alsoHeld` says. */
  get bufferedBytes(): number {
    return this.#ownBytes + this.alsoHeld();
  }

  get #ownBytes(): number {
    return this.#pool.lent + this.#topics.parkedBytes;
  }

  /** What is held elsewhere is alone no reason to wait: with no record under way, no delivery would ever end that. */
  #holdsMoreThan(bytes: number): boolean {
    const own = this.#ownBytes;
    return own > 0 && own + this.alsoHeld() > bytes;
  }

  /** Whether at least one broker is connected. */
  get connected(): boolean {
    return this.cluster.connected;
  }

  /** Topics that records wait for, the one that has waited longest first. */
  get waits(): Wait[] {
    return this.#watch.waits;
  }

  /** Topics that were made because they were missing (`kafka.topicDefaults`). */
  get topicsMade(): number {
    return this.#topics.made;
  }

  /** What a record waits for whose token `isOf` names: its topic, and why that does not take it; undefined if none is held. */
  waiting(isOf: (token: number) => boolean): string | undefined {
    return this.#watch.waiting(isOf);
  }

  /** Leaders that cannot be reached, of topics that the document names or that records wait for. */
  get unreachable(): UnreachableLeader[] {
    return this.#watch.unreachable;
  }

  /** Connects to the leaders of the topics that the document names, or finds out that it cannot. */
  async reachLeaders(): Promise<void> {
    await this.#watch.connected();
  }

  /** From now on nothing waits for more records: the end is near. */
  flush(): void {
    this.#linger.end();
    this.#pump();
  }

  /**
   * Ends the transaction without its records, and begins the next. Returns the tokens of all records that were held and not delivered. Nothing
   * may be appended meanwhile. Throws `kafka-producer-fenced`.
   */
  async abort(): Promise<number[]> {
    await Promise.all([this.transaction!.abort(), this.#requests.idle()]);
    const tokens = this.#topics.discard();
    for (const lane of this.#active) for (const token of lane.discard()) tokens.push(token);
    this.#active.clear();
    this.transaction!.begin();
    return tokens;
  }

  /** Ends all connections. What was not delivered stays unsettled. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watch.close();
    this.#topics.close();
    this.#identity.close();
    this.#requests.close();
    this.cluster.close();
  }

  // --- deciding what to send

  #pump(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stirred = false;
    const now = this.#now();
    let nextDue = Number.POSITIVE_INFINITY;
    const due: Lane[] = [];
    for (const lane of this.#active) {
      if (lane.empty) this.#active.delete(lane);
      const at = lane.dueAt(this.#linger, this.cluster.broker(lane.leader));
      if (at > now) nextDue = Math.min(nextDue, at);
      else due.push(lane);
    }
    this.#linger.sent(due);
    for (const [leader, lanes] of byLeader(due)) nextDue = Math.min(nextDue, this.#sendTo(leader, lanes, now));
    if (nextDue < Number.POSITIVE_INFINITY) this.#pumpIn(nextDue - now);
  }

  #pumpIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.ceil(delayMs)));
  }

  /** Sends to one leader, if it can take a request now. Returns when to look again; Infinity when an event will say so. */
  #sendTo(leader: number, lanes: Lane[], now: number): number {
    const link = this.cluster.broker(leader);
    if (!link) {
      this.cluster.refresh();
      return Number.POSITIVE_INFINITY;
    }
    if (!link.connection) {
      if (link.lastError) this.cluster.refresh();
      link.open();
      return Number.POSITIVE_INFINITY;
    }
    if (link.throttledUntil > now) return link.throttledUntil;
    this.#requests.send(link, lanes);
    return Number.POSITIVE_INFINITY;
  }
}
