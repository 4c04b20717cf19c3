/** Kafka as a source: a member of a consumer group, whose offsets are committed when their records are safe. */
import { MkbError } from '../../api/errors.ts';
import type { Input, Origin } from '../../rules/rule.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Source } from '../flow/source.ts';
import type { AssignedPartition } from '../kafka/consumer/assigned-partition.ts';
import type { FetchedRecord } from '../kafka/consumer/batch-records.ts';
import { Consumer } from '../kafka/consumer/consumer.ts';
import type { TakenRecord } from '../kafka/consumer/offsets.ts';
import type { ConsumerOptions } from '../kafka/consumer/options.ts';
import type { ReadOffset } from '../kafka/consumer/read-offsets.ts';
import type { TransactionOffsets } from '../kafka/transaction.ts';
import type { UnreachableLeader, Wait } from '../kafka/waits.ts';
import { because } from '../observe/because.ts';
import type { Transacted } from '../transacted.ts';
import { ConsumedRecord } from './kafka-record.ts';
import { KafkaRoutes } from './kafka-routes.ts';

export interface KafkaSourceOptions {
  readonly consumer: ConsumerOptions;
  readonly rules: readonly BoundRule[];
  /** Records, and bytes of them, that may be in flight. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Whether the process goes on with other things when it is refused to read, and tries again. */
  readonly persistent: boolean;
}

export interface KafkaSourceEvents {
  assigned(partitions: readonly AssignedPartition[]): void;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
  /** The consumer has stopped: a person has to change something. */
  stopped(error: MkbError): void;
  /** There is no room for more records before some are settled. */
  full?(): void;
  /** Records in flight are someone else's now. */
  withdrawn?(): void;
  /** Repeats an action until it is done, or the bridge stops. */
  untilDone(action: () => Promise<void>): Promise<void>;
}

/** A record in flight. */
interface Held {
  readonly partition: AssignedPartition;
  readonly taken: TakenRecord;
  readonly bytes: number;
}

export class KafkaSource implements Source, Transacted {
  readonly name = 'kafka';
  readonly account = new Account();
  // What the consumer has fetched waits here, and not at the brokers: sending at once is what gives it room.
  readonly starved = true;
  /** Members of the group that are no replicas of this bridge. */
  strangers: readonly string[] = [];
  readonly #options: KafkaSourceOptions;
  readonly #events: KafkaSourceEvents;
  readonly #consumer: Consumer;
  #routes: KafkaRoutes;
  readonly #held = new Map<number, Held>();
  readonly #started = Promise.withResolvers<void>();
  #refusal: MkbError | undefined;
  /** The last failure that is tried again. */
  #problem: MkbError | undefined;
  #hasStarted = false;
  #heldBytes = 0;
  #arrivals = 0;
  #paused = false;
  /** Whether a transaction ends: nothing is handed over that is not part of it. */
  #onHold = false;
  /** The offsets that the transaction holds. */
  #read: readonly ReadOffset[] = [];
  #room: PromiseWithResolvers<void> | undefined;
  #stopped: Promise<void> | undefined;
  #intake!: Intake;

  constructor(options: KafkaSourceOptions, events: KafkaSourceEvents) {
    this.#options = options;
    this.#events = events;
    // Whoever waits for the start hears of a rejection; until then it is not an unhandled one.
    this.#started.promise.catch(() => undefined);
    this.#routes = new KafkaRoutes(options.rules, options.consumer.wanted.except);
    this.#consumer = new Consumer(options.consumer, {
      record: (partition, record, taken) => this.take(partition, record, taken),
      readEnd: () => this.#intake.readEnd(),
      room: () => this.room(),
      takenAway: partitions => this.withdraw(partitions),
      assigned: partitions => {
        events.assigned(partitions);
        if (!this.joined) return;
        this.#hasStarted = true;
        this.#started.resolve();
      },
      problem: error => {
        this.#problem = error;
        events.problem(error);
      },
      strangers: who => this.#noticed(who),
      refused: error => this.#refused(error),
    });
  }

  /** Records that are handed over from now on go through these rules, which read the same topics. */
  use(rules: readonly BoundRule[]): void {
    this.#routes = new KafkaRoutes(rules, this.#options.consumer.wanted.except);
  }

  get connected(): boolean {
    return this.#consumer.cluster.connected;
  }

  /** Leaders of its partitions that cannot be reached. */
  get unreachable(): readonly UnreachableLeader[] {
    return this.#consumer.unreachable;
  }

  /** Nothing is written here. */
  readonly waits: readonly Wait[] = [];

  /** Whether it is a member of its group. */
  get joined(): boolean {
    return this.#consumer.joined;
  }

  /** Why it cannot read, where only a person can change it. */
  get refusal(): MkbError | undefined {
    return this.joined && this.#consumer.begun ? undefined : this.#refusal;
  }

  /** Partitions that the group has given us. */
  get partitions(): readonly AssignedPartition[] {
    return this.#consumer.partitions;
  }

  /** Partitions that are ours and cannot be read now. */
  get partitionsHeld(): readonly AssignedPartition[] {
    return this.partitions.filter(({ trouble }) => trouble !== undefined);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#checkRoom();
  }

  hold(): void {
    this.#onHold = true;
  }

  goOn(): void {
    this.#onHold = false;
    this.#checkRoom();
  }

  offsets(): TransactionOffsets | undefined {
    const read = this.#consumer.read();
    this.#read = read;
    if (read.length === 0) return undefined;
    const { groupId } = this.#options.consumer;
    return { groupId, send: transaction => this.#consumer.commitIn(transaction, read) };
  }

  committed(): void {
    for (const { offsets, offset } of this.#read) offsets.committed = offset;
    this.#read = [];
  }

  forget(): void {
    this.#consumer.suspend();
  }

  async readAgain(): Promise<void> {
    this.#consumer.resume();
  }

  settle(arrival: number): void {
    const held = this.#held.get(arrival);
    if (held === undefined) return;
    this.#letGo(arrival, held);
    held.partition.settle(held.taken);
  }

  /** The consumer commits by the clock. */
  acknowledge(): void {
    this.#checkRoom();
  }

  copy(message: Input): Input {
    return message;
  }

  bytesOf(): number {
    // Counted here, in `held`.
    return 0;
  }

  remember(message: Origin, slot: number, settlement: Settlement<Source>): void {
    settlement.keep(slot, message, 0);
  }

  keep(): void {
    // It is kept already.
  }

  remains({ kept }: Remembered): Remains {
    const record = kept as ConsumedRecord;
    // A few that wait for their dead letters must not keep all of what Kafka answered in memory.
    record.detach();
    const { topic, partition, offset, key, value, rawHeaders } = record;
    return {
      key,
      value,
      headers: rawHeaders.map(([name, content]) => ({ name, value: content })),
      place: [
        { name: 'kafka.topic', value: topic },
        { name: 'kafka.partition', value: String(partition) },
        { name: 'kafka.offset', value: String(offset) },
      ],
      facts: { topic, payload: value },
    };
  }

  /** Where records go that `take` gets. */
  protected attach(intake: Intake): void {
    this.#intake = intake;
  }

  async start(intake: Intake): Promise<void> {
    this.attach(intake);
    await this.#events.untilDone(() => this.#consumer.connect());
    if (this.#stopped) return;
    this.#consumer.start();
    await this.#started.promise;
  }

  missing(): readonly string[] {
    const missing: string[] = [];
    if (!this.connected) missing.push('Kafka is not connected');
    if (!this.joined) missing.push(`the consumer is not in its group${because(this.#refusal ?? this.#problem)}`);
    // A group that begins at the end does not see what is written before it knows where that is.
    else if (this.refusal || this.#consumer.beginning)
      missing.push(`the consumer does not know its offsets${because(this.refusal)}`);
    // What does not begin because of a refusal has been said.
    const held = this.partitionsHeld.filter(({ offsets }) => offsets !== undefined || this.refusal === undefined);
    if (held[0]) missing.push(`${held.length} of its partitions cannot be read (${held[0].trouble!.message})`);
    return missing;
  }

  /** Gives what is in flight its time, commits, and leaves the group. */
  stop(settleMs: number): void {
    this.#stopped ??= this.#consumer.stop(settleMs);
  }

  async close(limitMs: number): Promise<void> {
    if (limitMs === 0) this.#consumer.close();
    else await this.#stopped;
    this.#started.resolve();
  }

  #noticed(who: readonly string[]): void {
    this.strangers = who;
    const { groupId: group } = this.#options.consumer;
    if (who.length > 0)
      this.#events.problem(new MkbError('kafka-group-shared', { group, who: who.slice(0, 5).join('; ') }));
  }

  /** It ends the bridge only if nothing else goes on in it, and this never did. */
  #refused(error: MkbError): void {
    this.#refusal = error;
    if (this.#options.persistent || this.#hasStarted) {
      this.#events.problem(error);
      return;
    }
    this.#started.reject(error);
    this.#events.stopped(error);
  }

  /** A record that the consumer read. */
  take(partition: AssignedPartition, record: FetchedRecord, taken: TakenRecord): void {
    const arrival = this.#arrivals++;
    const bytes = memoryOf(record);
    this.#held.set(arrival, { partition, taken, bytes });
    this.#heldBytes += bytes;
    this.#intake.message(new ConsumedRecord(partition, record), arrival, this.#routes.of(partition.topic));
  }

  /** Settles when there is room for another record; undefined when there is. */
  room(): Promise<void> | undefined {
    if (!this.#full) return undefined;
    if (!(this.#paused || this.#onHold)) this.#events.full?.();
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  get #full(): boolean {
    const { maxRecords, maxBytes } = this.#options;
    return this.#paused || this.#onHold || this.#held.size >= maxRecords || this.#heldBytes >= maxBytes;
  }

  #checkRoom(): void {
    if (this.#full) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** Another member of the group works on these partitions now. */
  withdraw(partitions: readonly AssignedPartition[]): void {
    const gone = new Set(partitions);
    this.#intake.withdrawn(arrival => gone.has(this.#held.get(arrival)?.partition as AssignedPartition));
    const before = this.#held.size;
    for (const [arrival, held] of this.#held) if (gone.has(held.partition)) this.#letGo(arrival, held);
    if (this.#held.size < before) this.#events.withdrawn?.();
    this.#checkRoom();
  }

  #letGo(arrival: number, { bytes }: Held): void {
    this.#held.delete(arrival);
    this.#heldBytes -= bytes;
  }
}

/** What the objects of a record or a header cost beside their bytes, roughly. */
const overhead = 200;

function memoryOf({ key, value, headers }: FetchedRecord): number {
  let bytes = overhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) bytes += overhead + name.length + (content?.length ?? 0);
  return bytes;
}
