/**
 * Messages between a source that loses what it is not rid of and a pipeline that may have to wait: a sink to the one, a source to the other.
 *
 * `take` appends a message to the batch in memory, and `readEnd` hands it over from there, so that as long as nothing older waits no message is read from a disk.
 * Meanwhile batches are written (committer.ts). One that is written leaves memory, and what was not handed over is read back (log-reader.ts). Ids grow by one; `#readId` is the next to be handed over.
 *
 * A message is acknowledged when it is safe on the disk or when the pipeline has settled it, whichever is first. That is all the difference between the modes: without a disk there is only the
 * second; and on a disk that fails, too, until it works again.
 *
 * No object is made for a message: the records are bytes in a batch, the only `MqttMessage` is pointed at one after the other, and what is on its way is a row of numbers (settled-ids.ts).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MqttMessage } from '../mqtt/message.ts';
import { Topics } from '../mqtt/topics.ts';
import { Batch, nextRecord, type Records } from './batch.ts';
import type { BufferFigures } from './figures.ts';
import { Gone } from './gone.ts';
import type { Beginning, BufferHandler, Shelf } from './handler.ts';
import { Losses } from './losses.ts';
import { MemoryBatches } from './memory-batches.ts';
import { isRecord, readRecord, recordBytes, recordId, recordTime } from './message-record.ts';
import type { BufferOptions } from './options.ts';
import { Publishers } from './publishers.ts';
import { Rate } from './rate.ts';
import { SettledIds } from './settled-ids.ts';
import { Turns } from './turns.ts';

/** What a buffer may hold in memory while its disk is slow or fails, bytes; without a disk it is `maxBytes`. */
const shelvedMemoryBytes = 32 * 1024 * 1024;
/** Where a source goes on that was held. */
const roomAgain = 0.9;
/** Messages that are handed over in one turn of the event loop. */
const mostAtOnce = 4096;
const rateTickMs = 20;
/** Pause after a failure to read. */
const againMs = 1000;
const noArrival = -1;

export class MessageBuffer {
  /** Ids that are neither in memory nor to be looked for on the shelf. */
  readonly gone: Gone;
  /** Whether the shelf takes nothing now: what is handed over leaves memory all the same. */
  failing = false;
  /** Whether it refused what it was given last. */
  #refused = false;
  readonly #options: BufferOptions;
  readonly #handler: BufferHandler;
  readonly #shelf: Shelf | undefined;
  readonly #memoryBytes: number;
  readonly #settled = new SettledIds();
  readonly #message = new MqttMessage(randomBytes(4).toString('hex'));
  readonly #known = { topics: new Topics(), publishers: new Publishers() };
  readonly #rate: Rate;
  readonly #now: () => number;
  /** What is not in them and was not handed over is on the shelf, or gone. */
  readonly #batches = new MemoryBatches();
  #readBack: Records[] = [];
  /** What is being handed over, and where its next record begins. */
  #records: Records | undefined;
  #at = 0;
  #readId: number;
  #nextId: number;
  #handed = 0;
  #received = 0;
  readonly #recovered: number;
  #ended = 0;
  readonly #losses: Losses;
  readonly #maxAgeMs: number;
  #lastTime = 0;
  #paused = true;
  #held = false;
  #stopped = false;
  #reading = false;
  /** Whether records are those of a batch in memory. */
  #isVerified = false;
  #pumping = false;
  #behind: boolean;
  readonly #turns = new Turns(() => this.#pump());

  /** Hands nothing over before `resume`. */
  constructor(options: BufferOptions, handler: BufferHandler, begin: Beginning = { readId: 0, nextId: 0, gone: [] }) {
    this.#options = options;
    this.#handler = handler;
    this.#shelf = begin.shelf;
    this.#memoryBytes = begin.shelf ? shelvedMemoryBytes : options.maxBytes;
    this.#rate = new Rate(options.drainRate);
    this.#now = options.now ?? Date.now;
    this.#maxAgeMs = options.maxAgeMs ?? Number.POSITIVE_INFINITY;
    this.gone = new Gone(begin.gone);
    this.#readId = begin.readId;
    this.#nextId = begin.nextId;
    this.#losses = new Losses(handler, begin.torn ?? []);
    this.#recovered = this.#waiting;
    this.#behind = this.#recovered > 0;
  }

  // --- figures

  get figures(): BufferFigures {
    const bytes = this.#batches.usedBytes + (this.#shelf?.bytes ?? 0);
    return {
      received: this.#received,
      recovered: this.#recovered,
      settled: this.#ended,
      dropped: this.#losses.counts,
      messages: this.#waiting + this.#handed - this.#ended,
      waiting: this.#waiting,
      bytes,
      limitBytes: this.#options.maxBytes,
      oldestSeconds: this.#oldestSeconds,
      writable: !this.#refused && !this.#full,
    };
  }

  /** Messages that were not handed over. */
  get #waiting(): number {
    return this.#nextId - this.#readId - this.gone.between(this.#readId, this.#nextId);
  }

  get #oldestSeconds(): number {
    if (this.#settled.oldestAt !== undefined) return this.#since(this.#settled.oldestAt);
    if (this.#waiting === 0) return 0;
    const batch = this.#batches.with(this.#readId);
    const inMemory = batch && batch.firstId <= this.#readId;
    return this.#since(Math.max(this.#lastTime, (inMemory ? batch.firstAt : this.#shelf?.madeAt(this.#readId)) ?? 0));
  }

  #since = (time: number): number => (time === 0 ? 0 : Math.max(0, this.#now() - time) / 1000);

  // --- from the source

  /** @param arrival what the session waits to acknowledge it by */
  take(message: MqttMessage, arrival: number): void {
    this.#received++;
    // Nobody waits for its acknowledgement, and it must not hold up those of others.
    if (message.qos === 0) this.#handler.safe(arrival);
    if (this.#full && !this.#makeRoom()) {
      this.#losses.addNewest();
      this.#handler.safe(arrival);
      return;
    }
    this.#batches.roomFor(message, this.#nextId++).add(message, message.qos === 0 ? undefined : arrival);
    if (this.#mustHold(1)) this.#hold();
  }

  /** The messages of one read of the source have been taken. */
  readEnd(): void {
    this.#losses.readEnd();
    this.#pump();
    if (this.#shelf) this.#handler.toWrite();
  }

  // --- from the pipeline

  settle(number: number): void {
    this.#ended++;
    const wasFull = this.#settled.full;
    const arrival = this.#settled.settle(number);
    if (arrival !== noArrival) this.#handler.safe(arrival);
    if (wasFull) this.#turns.next(0);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#stopped) return;
    this.#paused = false;
    this.#pump();
  }

  /** Nothing more comes: what is left is handed over as fast as it is taken. */
  finish(): void {
    this.#behind = false;
    this.#rate.lift();
    this.#pump();
  }

  /** Hands nothing over any more. */
  stop(): void {
    this.#stopped = true;
    this.#turns.end();
  }

  // --- from the committer

  /** Every id below is settled. */
  get settledBelow(): number {
    return this.#settled.oldestId ?? this.#readId;
  }

  /** That of the next message. */
  get nextId(): number {
    return this.#nextId;
  }

  /** The next id that is handed over. */
  get readId(): number {
    return this.#readId;
  }

  /** Batches that are not safe, sealed: they must not change until `wrote` or `notWritten`. */
  unwritten(): readonly Batch[] {
    return this.#batches.seal();
  }

  /** They are as safe as was asked for. */
  wrote(batches: readonly Batch[]): void {
    this.#refused = false;
    for (const batch of batches) {
      for (let id = batch.firstId; id < batch.nextId; id++) this.#acknowledge(batch, id);
      this.#settled.acknowledged(batch.firstId, batch.nextId);
      batch.safe = true;
    }
    this.#handler.acknowledge();
    this.room();
  }

  notWritten(batches: readonly Batch[]): void {
    this.failing = true;
    this.#refused = true;
    for (const batch of batches) batch.sealed = false;
    this.room();
  }

  /** Drops what was not handed over of the ids before `id`. */
  dropBefore(id: number): void {
    const count = id - this.#readId - this.gone.between(this.#readId, id);
    if (id <= this.#readId) return;
    this.#losses.add('full', count);
    this.gone.add(this.#readId, id);
    this.#readId = id;
  }

  /** Whether a message on its way has an id from `from` to before `to`. */
  isUnderWay(from: number, to: number): boolean {
    return this.#settled.anyBetween(from, to);
  }

  /** There may be room again. */
  room(): void {
    this.#release();
    this.gone.below(this.settledBelow);
    if (!this.#held || this.#mustHold(roomAgain)) return;
    this.#held = false;
    this.#handler.go();
  }

  // --- room

  get #full(): boolean {
    return this.#fullAt(1);
  }

  #fullAt(part: number): boolean {
    const used = this.#batches.usedBytes;
    return this.#memoryFullAt(part) || (this.#shelf?.bytes ?? 0) + used >= part * this.#options.maxBytes;
  }

  #memoryFullAt(part: number): boolean {
    return this.#batches.usedBytes >= part * this.#memoryBytes;
  }

  /** Whether the shelf takes what is in memory. */
  get #shelves(): boolean {
    return this.#shelf !== undefined && !this.#refused;
  }

  /** A disk that is only slow is waited for, whatever is to happen when it is full. */
  #mustHold(part: number): boolean {
    if (this.#options.whenFull === 'block') return this.#fullAt(part);
    return this.#shelves && this.#memoryFullAt(part);
  }

  /** Whether a message more may be taken although it is full. */
  #makeRoom(): boolean {
    const { whenFull } = this.#options;
    if (whenFull === 'dropNewest') return this.#mustHold(1);
    // Of what is written the committer drops files.
    if (whenFull === 'dropOldest' && !this.#shelves) this.#dropOldestBatch();
    return true;
  }

  #dropOldestBatch(): void {
    const batch = this.#batches.oldestFree(this.#readId);
    if (batch === undefined) return;
    const from = Math.max(batch.firstId, this.#readId);
    this.#losses.add('full', batch.nextId - from);
    for (let id = from; id < batch.nextId; id++) this.#acknowledge(batch, id);
    this.gone.add(batch.firstId, batch.nextId);
    if (this.#readId >= batch.firstId) this.#readId = batch.nextId;
    this.#remove(batch);
  }

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#handler.hold();
  }

  /** Batches leave memory that nobody needs there. */
  #release(): void {
    let kept = 0;
    for (let batch = this.#batches.at(0); batch !== undefined; batch = this.#batches.at(kept)) {
      const isHanded = this.#readId >= batch.nextId;
      const leaves = batch.safe ? isHanded || this.#records !== batch : isHanded && this.#leavesUnsafe(batch);
      // What is being handed over stays, and those behind it need not.
      if (!leaves && !batch.safe) return;
      if (!leaves) kept++;
      else {
        if (!batch.safe && this.#shelf) this.gone.add(batch.firstId, batch.nextId);
        this.#remove(batch);
      }
    }
  }

  #leavesUnsafe(batch: Batch): boolean {
    return this.#shelf === undefined || (this.failing && !batch.sealed);
  }

  #remove(batch: Batch): void {
    if (this.#records === batch) this.#records = undefined;
    this.#batches.remove(batch);
  }

  // --- handing over

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const now = this.#now();
    const most = Math.min(mostAtOnce, this.#behind ? this.#rate.allowed(performance.now()) : mostAtOnce);
    let handed = 0;
    while (handed < most && !this.#paused && !this.#stopped && !this.#settled.full && this.#locate())
      handed += this.#handOver(now);
    this.#rate.spend(this.#behind ? handed : 0);
    this.#behind = this.#waiting > 0;
    if (handed > 0) this.#handler.handedOver();
    this.#pumping = false;
    this.room();
    if (this.#paused || this.#stopped) return;
    // Whoever was paused and resumed meanwhile found it pumping.
    if (handed >= most || (handed > 0 && this.#waiting > 0)) this.#turns.next(most < mostAtOnce ? rateTickMs : 0);
  }

  /** Finds the next record. Returns whether there is one now. */
  #locate(): boolean {
    for (;;) {
      const records = this.#records;
      if (records !== undefined && this.#at < records.end) return true;
      // It grows.
      if (records !== undefined && records === this.#batches.last) return false;
      this.#records = this.#readBack.shift() ?? this.#inMemory();
      if (this.#records === undefined) return false;
      this.#begin(this.#records);
    }
  }

  #begin(records: Records): void {
    this.#isVerified = records instanceof Batch;
    this.#at = records instanceof Batch ? records.offsetOf(this.#readId) : records.start;
  }

  /** The batch with the next message. If that is on the shelf there is none now, and it is read. */
  #inMemory(): Batch | undefined {
    const batch = this.#batches.with(this.#readId);
    const from = batch?.firstId ?? this.#nextId;
    if (from <= this.#readId) return batch;
    if (this.#shelf !== undefined && this.gone.between(this.#readId, from) < from - this.#readId) {
      void this.#readOn(from);
      return undefined;
    }
    this.#readId = from;
    return batch;
  }

  /** @param limit ids before it are on the shelf, or lost */
  async #readOn(limit: number): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const batches = await this.#shelf!.read(this.#readId);
      this.#readBack = [...batches];
      if (batches.length === 0) this.#skipTo(limit);
    } catch (error) {
      this.#handler.unreadable(asMkbError(error));
      await pause(againMs, undefined, { ref: false });
    }
    this.#reading = false;
    if (!this.#paused) this.#pump();
  }

  /** Hands over the next record, or passes it over. Returns how many messages that were. */
  #handOver(now: number): number {
    const records = this.#records!;
    const at = this.#at;
    if (!this.#isVerified && !isRecord(records.words, at, records.end)) {
      this.#at = nextRecord(records, at, this.#readId);
      return 0;
    }
    this.#at = at + recordBytes(records.words, at);
    const id = recordId(records.words, at);
    if (id < this.#readId) return 0;
    this.#skipTo(id);
    this.#readId = id + 1;
    const time = recordTime(records.words, at);
    this.#lastTime = time;
    const arrival = this.#isVerified ? (records as Batch).arrivalOf(id) : noArrival;
    if (now - time > this.#maxAgeMs) {
      this.#losses.add('expired', 1);
      if (arrival !== noArrival) this.#handler.safe(arrival);
      return 1;
    }
    readRecord(records.buffer, records.words, at, this.#message, this.#known);
    this.#message.arrival = id;
    this.#handed++;
    this.#handler.message(this.#message, this.#settled.hand(id, time, arrival));
    return 1;
  }

  /** What is between the next message and `id` cannot be read, unless it is gone. */
  #skipTo(id: number): void {
    const from = this.#readId;
    if (id <= from) return;
    this.#readId = id;
    this.#losses.missing(from, id, this.gone);
  }

  #acknowledge(batch: Batch, id: number): void {
    const arrival = batch.arrivalOf(id);
    if (arrival !== noArrival) this.#handler.safe(arrival);
  }
}
