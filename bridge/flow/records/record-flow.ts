/**
 * A record's way from Kafka to MQTT: its topic's rules, their rows, the messages that are published, and the account of what became of it.
 *
 * A record is held from the moment it is taken until each message made of it has an outcome; the worst one decides, and then its offset may be
 * committed. What fails for good is a dead letter in Kafka, and the record is held until that is written. So nothing is committed that
 * is not somewhere, and no record stalls those behind it.
 *
 * Records of a partition come in order and are published in order, since nothing between waits: when there is no room, or a record cannot go
 * on (waiting.ts), nobody gets to hand over another record.
 */
import { MkbError } from '../../../api/errors.ts';
import type { Row } from '../../../rules/row.ts';
import { asMkbError } from '../../as-mkb-error.ts';
import type { AssignedPartition } from '../../kafka/consumer/assigned-partition.ts';
import type { FetchedRecord } from '../../kafka/consumer/batch-records.ts';
import type { TakenRecord } from '../../kafka/consumer/offsets.ts';
import type { Producer } from '../../kafka/producer.ts';
import { draft, type Record } from '../../kafka/record.ts';
import type { Publication } from '../../mqtt/publisher/publication.ts';
import type { Publisher } from '../../mqtt/publisher/publisher.ts';
import { ConsumedRecord } from '../../sources/kafka-record.ts';
import { Account } from '../account.ts';
import { recordLetter, shortened } from '../letters.ts';
import { ManyRows } from '../many-rows.ts';
import { dropReason, outcomeNumber } from '../outcome.ts';
import { type ObtainSchema, type Wait, Waiting, waitOf } from '../waiting.ts';
import type { RecordRule, RecordSink } from './record-rule.ts';

/** A record in flight. */
interface Held {
  readonly partition: AssignedPartition;
  readonly taken: TakenRecord;
  /** Its bytes are a view of what Kafka answered, until it waits for its dead letter. */
  record: FetchedRecord;
  /** Things made of it without an outcome, and one for the record itself. */
  pending: number;
  worst: number;
  /** Bytes of the messages made of it that have no outcome. */
  madeBytes: number;
}

/** A message in flight: what it was made of, and for which sink. */
export interface Made {
  readonly held: Held;
  readonly sink: RecordSink;
  readonly bytes: number;
}

export interface RecordFlowOptions {
  readonly rules: readonly RecordRule[];
  /** Where permanent failures go; without it they are dropped and counted. */
  readonly deadLetterTopic: string | undefined;
  /** Records, and bytes of them and of what is made of them, that may be in flight. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Told of each permanent failure. */
  readonly failed: (rule: string, error: MkbError) => void;
  readonly obtainSchema: ObtainSchema;
}

/** No outcome yet: `#wait` says what the rule waits for. */
const pending = -1;

export class RecordFlow {
  readonly account = new Account();
  readonly #options: RecordFlowOptions;
  readonly #rules = new Map<string, readonly RecordRule[]>();
  readonly #held = new Set<Held>();
  #heldBytes = 0;
  /** Records whose dead letter is on its way, by the token that the producer gives back. */
  readonly #letters = new Map<number, Held>();
  #letterNumber = 0;
  #publisher!: Publisher<Made>;
  #producer: Producer | undefined;
  /** Bytes of messages that have no outcome. */
  #madeBytes = 0;
  /** The record that cannot go on, and what the rule that was applied last waits for. */
  readonly #waiting = new Waiting();
  #wait: Wait = 'turn';
  readonly #isFull = () => this.#madeBytes >= this.#options.maxBytes;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: RecordFlowOptions) {
    this.#options = options;
    for (const topic of new Set(options.rules.flatMap(({ topics }) => topics)))
      this.#rules.set(
        topic,
        options.rules.filter(({ topics }) => topics.includes(topic)),
      );
  }

  /** Where messages go to, and dead letters if there is a topic for them. Call once, before the first record. */
  use(publisher: Publisher<Made>, producer: Producer | undefined): void {
    this.#publisher = publisher;
    this.#producer = producer;
  }

  // --- from the consumer

  /** Settles when there is room for another record; undefined when there is. */
  room(): Promise<void> | undefined {
    if (!this.#full) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  get #full(): boolean {
    const { maxRecords, maxBytes } = this.#options;
    const bytes = this.#heldBytes + this.#madeBytes + (this.#producer?.bufferedBytes ?? 0);
    return this.#waiting.active || this.#held.size >= maxRecords || bytes >= maxBytes;
  }

  record(partition: AssignedPartition, record: FetchedRecord, taken: TakenRecord): void {
    const held: Held = { partition, taken, record, pending: 1, worst: 0, madeBytes: 0 };
    this.account.received++;
    this.#held.add(held);
    this.#heldBytes += bytesOf(record);
    const rules = this.#rules.get(partition.topic) ?? [];
    const outcome = rules.length === 0 ? outcomeNumber.no_rule : outcomeNumber.filtered;
    this.#applyFrom(0, rules, new ConsumedRecord(partition, record), held, outcome);
  }

  readEnd(): void {
    this.#producer?.readEnd();
    this.settled();
  }

  /** Someone else works on these partitions now: what is in flight of them is forgotten. */
  takenAway(partitions: readonly AssignedPartition[]): void {
    const gone = new Set(partitions);
    this.#publisher.forget(({ held }) => gone.has(held.partition));
    for (const held of this.#held) {
      if (!gone.has(held.partition)) continue;
      this.account.returned++;
      this.#letGo(held);
    }
    this.settled();
  }

  // --- rules

  /**
   * Applies the rules from one of them on.
   *
   * @param before what those before it made
   * @param begun the rows of the first one, if it goes on with them
   */
  #applyFrom(
    first: number,
    rules: readonly RecordRule[],
    record: ConsumedRecord,
    held: Held,
    before: number,
    begun?: ManyRows<RecordSink>,
  ): void {
    let outcome = before;
    for (let at = first; at < rules.length; at++) {
      const rows = (at === first ? begun : undefined) ?? this.#begin(rules[at]!, record);
      const made = this.#apply(rules[at]!, record, held, rows);
      if (made === pending) {
        this.#hold(at, rules, record, held, outcome, rows);
        return;
      }
      if (made === outcomeNumber.delivered) outcome = made;
    }
    this.#release(held, outcome);
  }

  /** Lets no other record come before the rule has what it waits for; then goes on with that rule. */
  #hold(
    at: number,
    rules: readonly RecordRule[],
    record: ConsumedRecord,
    held: Held,
    outcome: number,
    rows: ManyRows<RecordSink>,
  ): void {
    this.#waiting.begin(this.#wait, () => {
      if (this.#held.has(held)) this.#applyFrom(at, rules, record, held, outcome, rows);
      else rules[at]!.rule.forget();
      this.readEnd();
    });
  }

  #begin(rule: RecordRule, record: ConsumedRecord): ManyRows<RecordSink> {
    rule.matched++;
    return new ManyRows(rule.rule.cursor(record, noCaptures), rule.sinks);
  }

  /** Returns what the rule made of the record: delivered for anything, be it only a failure; filtered; or pending. */
  #apply(rule: RecordRule, record: ConsumedRecord, held: Held, rows: ManyRows<RecordSink>): number {
    let failed = false;
    try {
      const wait = rows.write(this.#isFull, (sink, row) => this.#publish(sink, record, row, held));
      this.#wait = wait ?? this.#wait;
      if (wait !== undefined) return pending;
    } catch (error) {
      const wait = waitOf(error, this.#options.obtainSchema);
      if (wait !== undefined) {
        rule.rule.undo();
        this.#wait = wait;
        return pending;
      }
      failed = true;
      rule.failed++;
      this.#fail(rule, asMkbError(error), held);
    }
    if (rows.any) rule.passed++;
    for (const failure of rows.failures.values()) this.#fail(rule, failure, held);
    return rows.any || failed ? outcomeNumber.delivered : outcomeNumber.filtered;
  }

  /** Returns why the row makes no message, if it makes none. */
  #publish(sink: RecordSink, record: ConsumedRecord, row: Row, held: Held): MkbError | undefined {
    try {
      const publication = sink.sink.publication(record, row);
      const bytes = memoryOf(publication);
      held.pending++;
      held.madeBytes += bytes;
      this.#madeBytes += bytes;
      this.#publisher.publish(publication, { held, sink, bytes });
      return undefined;
    } catch (error) {
      sink.failed++;
      return asMkbError(error);
    }
  }

  #fail(rule: RecordRule, error: MkbError, held: Held): void {
    held.pending++;
    this.#giveUp(rule, error, held);
  }

  // --- from the publisher

  published(made: Made, heard: boolean): void {
    const { held, sink } = made;
    this.#unmake(made);
    sink.delivered++;
    if (!heard) this.account.unheard++;
    this.#release(held, outcomeNumber.delivered);
  }

  failed(made: Made, error: MkbError): void {
    const { held, sink } = made;
    this.#unmake(made);
    sink.failed++;
    this.#giveUp(sink.rule, error, held);
  }

  #unmake({ held, bytes }: Made): void {
    held.madeBytes -= bytes;
    this.#madeBytes -= bytes;
  }

  /** A group of outcomes has been told. */
  settled(): void {
    this.#producer?.sendNow();
    if (!this.#isFull()) this.#waiting.room();
    if (this.#full) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  // --- dead letters

  /** One thing made of the record will never be delivered: it becomes a dead letter, or is dropped. */
  #giveUp(rule: RecordRule, error: MkbError, held: Held): void {
    this.#options.failed(rule.name, error);
    const { deadLetterTopic } = this.#options;
    const { partition, record } = held;
    if (this.#producer === undefined || deadLetterTopic === undefined)
      this.#release(held, outcomeNumber[dropReason(error)]);
    else {
      held.record = ownBytes(record);
      this.#write(recordLetter({ rule: rule.name, error, partition, record }, Date.now()), held);
    }
  }

  #write(letter: ReturnType<typeof recordLetter>, held: Held): void {
    const producer = this.#producer!;
    this.#letterNumber = (this.#letterNumber + 1) % largestToken;
    this.#letters.set(this.#letterNumber, held);
    producer.append(producer.topic(this.#options.deadLetterTopic!, true), letter, this.#letterNumber);
  }

  lettersDelivered(tokens: readonly number[]): void {
    for (const token of tokens) this.#release(this.#letterOf(token), outcomeNumber.dead_lettered);
  }

  letterFailed(token: number, record: Record, error: MkbError): void {
    const held = this.#letterOf(token);
    const shorter = MkbError.is(error, 'kafka-message-too-large') ? shortened(draft(record)) : undefined;
    if (shorter) {
      this.#write(shorter, held);
      return;
    }
    this.#options.failed('dead letters', error);
    this.#release(held, outcomeNumber.dead_letter_failed);
  }

  #letterOf(token: number): Held {
    const held = this.#letters.get(token)!;
    this.#letters.delete(token);
    return held;
  }

  // --- settlement

  #release(held: Held, outcome: number): void {
    // It may have been given back meanwhile.
    if (!this.#held.has(held)) return;
    if (outcome > held.worst) held.worst = outcome;
    if (--held.pending > 0) return;
    this.account.settled[held.worst]!++;
    this.#letGo(held);
    held.partition.settle(held.taken);
  }

  #letGo(held: Held): void {
    this.#held.delete(held);
    this.#heldBytes -= bytesOf(held.record);
    this.#madeBytes -= held.madeBytes;
    held.madeBytes = 0;
  }
}

const noCaptures: readonly never[] = [];
const largestToken = 2 ** 30;
/** What the objects of a record, of a message or of a header cost beside their bytes, roughly. */
const overhead = 200;

const bytesOf = ({ key, value, headers }: FetchedRecord): number => {
  let bytes = overhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) bytes += overhead + name.length + (content?.length ?? 0);
  return bytes;
};

/** The same record with bytes of its own: a few that wait must not keep all of what Kafka answered in memory. */
const ownBytes = (record: FetchedRecord): FetchedRecord => ({
  ...record,
  key: record.key && Buffer.from(record.key),
  value: record.value && Buffer.from(record.value),
  headers: record.headers.map(([name, content]) => [name, content && Buffer.from(content)] as const),
});

const memoryOf = ({ topic, payload, userProperties }: Publication): number => {
  let bytes = overhead + topic.length + payload.length;
  for (const [name, value] of userProperties) bytes += overhead + name.length + value.length;
  return bytes;
};
