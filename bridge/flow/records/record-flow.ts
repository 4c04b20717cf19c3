/**
 * A record's way from Kafka to MQTT: its topic's rules, their rows, the messages that are published, and the account of what became of it.
 *
 * A record is held from the moment it is taken until each message made of it has an outcome; the worst one decides, and then its offset may be
 * committed. What fails for good is a dead letter in Kafka, and the record is held until that is written. So nothing is committed that
 * is not somewhere, and no record stalls those behind it.
 *
 * Records of a partition come in order and are published in order, since nothing between waits: when there is no room, or a schema has to be
 * fetched, nobody gets to hand over another record.
 */
import { MkbError } from '../../../api/errors.ts';
import { asMkbError } from '../../as-mkb-error.ts';
import type { AssignedPartition } from '../../kafka/consumer/assigned-partition.ts';
import type { FetchedRecord } from '../../kafka/consumer/batch-records.ts';
import type { TakenRecord } from '../../kafka/consumer/offsets.ts';
import type { Producer } from '../../kafka/producer.ts';
import { draft, type Record } from '../../kafka/record.ts';
import type { Publisher } from '../../mqtt/publisher/publisher.ts';
import { ConsumedRecord } from '../../sources/kafka-record.ts';
import { Account } from '../account.ts';
import { recordLetter, shortened } from '../letters.ts';
import { dropReason, outcomeNumber } from '../outcome.ts';
import type { MissingSchema } from '../pipeline-options.ts';
import type { RecordRule, RecordSink } from './record-rule.ts';

/** A record in flight. */
interface Held {
  readonly partition: AssignedPartition;
  readonly taken: TakenRecord;
  readonly record: FetchedRecord;
  /** Things made of it without an outcome, and one for the record itself. */
  pending: number;
  worst: number;
}

/** A message in flight: what it was made of, and for which sink. */
export interface Made {
  readonly held: Held;
  readonly sink: RecordSink;
}

export interface RecordFlowOptions {
  readonly rules: readonly RecordRule[];
  /** Where permanent failures go; without it they are dropped and counted. */
  readonly deadLetterTopic: string | undefined;
  /** Records, and bytes of their values, that may be in flight. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Told of each permanent failure. */
  readonly failed: (rule: string, error: MkbError) => void;
  /** As `PipelineOptions.obtainSchema`. */
  readonly obtainSchema: (missing: MissingSchema) => Promise<boolean>;
}

/** No outcome: the rule misses a schema. */
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
  /** Whether a record waits for a schema. */
  #waiting = false;
  #missing: MissingSchema | undefined;
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
    return this.#waiting || this.#held.size >= maxRecords || this.#heldBytes >= maxBytes;
  }

  record(partition: AssignedPartition, record: FetchedRecord, taken: TakenRecord): void {
    const held: Held = { partition, taken, record, pending: 1, worst: 0 };
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

  /** Applies the rules from one of them on. `before` is what those before it made. */
  #applyFrom(first: number, rules: readonly RecordRule[], record: ConsumedRecord, held: Held, before: number): void {
    let outcome = before;
    for (let at = first; at < rules.length; at++) {
      const made = this.#apply(rules[at]!, record, held);
      if (made === pending) {
        this.#wait(at, rules, record, held, outcome);
        return;
      }
      if (made === outcomeNumber.delivered) outcome = made;
    }
    this.#release(held, outcome);
  }

  /** Lets no other record come before the schema that a rule misses is there, or is known to be nowhere; then goes on with that rule. */
  #wait(at: number, rules: readonly RecordRule[], record: ConsumedRecord, held: Held, outcome: number): void {
    this.#waiting = true;
    void this.#options.obtainSchema(this.#missing!).then(goOn => {
      if (!goOn) return;
      this.#waiting = false;
      if (this.#held.has(held)) this.#applyFrom(at, rules, record, held, outcome);
      this.readEnd();
    });
  }

  /** Returns what the rule made of the record: delivered for anything, be it only a failure; filtered; or pending. */
  #apply(rule: RecordRule, record: ConsumedRecord, held: Held): number {
    rule.matched++;
    try {
      const rows = rule.rule.rows(record, noCaptures);
      if (rows.length === 0) return outcomeNumber.filtered;
      rule.passed++;
      for (const sink of rule.sinks) this.#publishRows(sink, record, rows, held);
    } catch (error) {
      if (MkbError.is(error, 'schema-pending')) {
        rule.matched--;
        this.#missing = error.details;
        return pending;
      }
      rule.failed++;
      this.#fail(rule, asMkbError(error), held);
    }
    return outcomeNumber.delivered;
  }

  /** Rows that make no message are told once, for the first of them: the dead letter is the record, and one of it is enough. */
  #publishRows(
    sink: RecordSink,
    record: ConsumedRecord,
    rows: ReturnType<RecordRule['rule']['rows']>,
    held: Held,
  ): void {
    let failure: MkbError | undefined;
    for (const row of rows) {
      try {
        const publication = sink.sink.publication(record, row);
        held.pending++;
        this.#publisher.publish(publication, { held, sink });
      } catch (error) {
        sink.failed++;
        failure ??= asMkbError(error);
      }
    }
    if (failure) this.#fail(sink.rule, failure, held);
  }

  #fail(rule: RecordRule, error: MkbError, held: Held): void {
    held.pending++;
    this.#giveUp(rule, error, held);
  }

  // --- from the publisher

  published({ held, sink }: Made, heard: boolean): void {
    sink.delivered++;
    if (!heard) this.account.unheard++;
    this.#release(held, outcomeNumber.delivered);
  }

  failed({ held, sink }: Made, error: MkbError): void {
    sink.failed++;
    this.#giveUp(sink.rule, error, held);
  }

  /** A group of outcomes has been told. */
  settled(): void {
    this.#producer?.sendNow();
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
    else this.#write(recordLetter({ rule: rule.name, error, partition, record }, Date.now()), held);
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
  }
}

const noCaptures: readonly never[] = [];
const largestToken = 2 ** 30;
const bytesOf = ({ key, value }: FetchedRecord): number => (key?.length ?? 0) + (value?.length ?? 0);
