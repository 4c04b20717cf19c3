/**
 * Dead letters as a source of the bridge's pipeline: each is made the message again that failed, and goes through the rule, or the one sink of
 * it, that failed.
 *
 * A letter is settled when all that was made of it has an outcome. If it failed again, that is when its new letter is in Kafka. If even that
 * cannot be written it stays open, and the run ends: nothing after it is committed.
 */
import { randomBytes } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';
import type { Input, Origin } from '../../rules/rule.ts';
import { Rate } from '../buffer/rate.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import { letterHeaders, type Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Source } from '../flow/source.ts';
import type { RecordHeader } from '../kafka/record.ts';
import { MqttMessage } from '../mqtt/message.ts';
import { ConsumedRecord } from '../sources/kafka-record.ts';
import { type Letter, placeOf } from './letter.ts';
import type { Progress, TakenLetter } from './progress.ts';
import type { LetterTaker } from './reader.ts';
import type { ReplayRules } from './replay-rules.ts';

export interface ReplaySourceOptions {
  readonly rules: ReplayRules;
  /** By partition. */
  readonly progresses: readonly Progress[];
  /** Letters a second; undefined for any number. */
  readonly rate: number | undefined;
  /** The most letters to take. */
  readonly limit: number;
  /** Called when a letter can neither be delivered nor written again. */
  readonly stuck: (letter: Letter) => void;
}

interface Held {
  readonly letter: Letter;
  readonly progress: Progress;
  readonly taken: TakenLetter;
  readonly bytes: number;
}

/** Letters, and bytes of them, that may be in flight. */
const maxHeld = 1000;
const maxHeldBytes = 16 * 1024 * 1024;
/** What the objects of a letter cost beside its bytes, roughly. */
const overhead = 1000;
/** How often it is looked whether the rate allows the next, milliseconds. */
const rateLookMs = 10;
/** Different reasons to pass letters over, beyond which they are counted together. */
const mostReasons = 50;

export class ReplaySource implements Source, LetterTaker {
  readonly name = 'kafka';
  readonly account = new Account();
  // What was read waits here: sending at once is what gives it room.
  readonly starved = true;
  /** How many letters stay open although they were asked for, by the reason. */
  readonly passedOver = new Map<string, number>();
  readonly #options: ReplaySourceOptions;
  readonly #rate: Rate;
  readonly #idPrefix = randomBytes(4).toString('hex');
  readonly #held = new Map<number, Held>();
  #heldBytes = 0;
  #arrivals = 0;
  #paused = false;
  #ended = false;
  #lost = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #idle: (() => void) | undefined;
  #intake!: Intake;
  /** The letter that is handed over now. */
  #letter!: Letter;

  constructor(options: ReplaySourceOptions) {
    this.#options = options;
    this.#rate = new Rate(options.rate);
  }

  // --- from the reader

  letter(letter: Letter): void {
    const progress = this.#options.progresses[letter.partition]!;
    const rule = letter.reason && this.#options.rules.of(letter.reason);
    const wanted = progress.look(letter, rule !== undefined);
    if (wanted === undefined) return;
    if (wanted === 'take') this.#take(letter, progress, rule!);
    else this.#passOver(wanted.because);
  }

  room(): Promise<void> | undefined {
    if (this.#ended) return undefined;
    if (this.#full) {
      this.#room ??= Promise.withResolvers<void>();
      return this.#room.promise;
    }
    if (this.#rate.allowed(performance.now()) >= 1) return undefined;
    return new Promise(resolve => setTimeout(resolve, rateLookMs));
  }

  get enough(): boolean {
    return this.#ended || this.#arrivals >= this.#options.limit;
  }

  readEnd(): void {
    this.#intake.readEnd();
  }

  passed(partition: number, offset: bigint): void {
    this.#options.progresses[partition]!.passed(offset);
  }

  // --- from the pipeline

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#checkRoom();
  }

  settle(arrival: number): void {
    const { letter, progress, taken, bytes } = this.#held.get(arrival)!;
    this.#held.delete(arrival);
    this.#heldBytes -= bytes;
    // The outcome was counted just now.
    const lost = this.account.count('dead_letter_failed');
    if (lost === this.#lost) progress.settle(taken);
    else this.#options.stuck(letter);
    this.#lost = lost;
  }

  acknowledge(): void {
    this.#checkRoom();
    if (this.#held.size === 0) this.#idle?.();
  }

  copy(message: Input): Input {
    // Each letter has a message of its own.
    return message;
  }

  bytesOf(): number {
    // Counted here, in `held`.
    return 0;
  }

  remember(_message: Origin, slot: number, settlement: Settlement<Source>): void {
    settlement.keep(slot, this.#letter, 0);
  }

  keep(): void {
    // It is kept already.
  }

  /** The letter as it was, with one round more. */
  remains({ kept }: Remembered): Remains {
    const { key, value, headers, source, reason } = kept as Letter;
    const { kind, ...facts } = source;
    const place: RecordHeader[] = Object.entries(facts).flatMap(([name, text]) =>
      text === undefined ? [] : [{ name: `${kind}.${name}`, value: text }],
    );
    place.push({ name: letterHeaders.rounds, value: String(reason!.rounds + 1) });
    return { key, value, headers: headers.map(([name, content]) => ({ name, value: content })), place };
  }

  async start(intake: Intake): Promise<void> {
    this.#intake = intake;
  }

  missing(): readonly string[] {
    return [];
  }

  /** Takes no more. */
  stop(): void {
    this.#ended = true;
    this.#room?.resolve();
  }

  /** Settles when nothing is in flight any more. */
  async settled(): Promise<void> {
    if (this.#held.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }

  async close(): Promise<void> {
    this.stop();
    this.#idle?.();
  }

  #take(letter: Letter, progress: Progress, rule: BoundRule): void {
    const arrival = this.#arrivals++;
    const bytes = memoryOf(letter);
    this.#held.set(arrival, { letter, progress, taken: progress.take(letter), bytes });
    this.#heldBytes += bytes;
    this.#rate.spend(1);
    this.#letter = letter;
    const message = messageOf(letter, arrival, this.#idPrefix);
    const route = this.#options.rules.route(rule, letter);
    if (route !== undefined) this.#intake.message(message, arrival, [route]);
    else this.#intake.refuse(message, arrival, [{ rule, captures: [] }], unread(letter));
  }

  get #full(): boolean {
    return this.#paused || this.#held.size >= maxHeld || this.#heldBytes >= maxHeldBytes;
  }

  #checkRoom(): void {
    if (this.#full) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  #passOver(because: string): void {
    const name = this.passedOver.has(because) || this.passedOver.size < mostReasons ? because : 'other reasons';
    this.passedOver.set(name, (this.passedOver.get(name) ?? 0) + 1);
  }
}

/** The message that failed. What a letter does not say of it is as in an MQTT message without properties. */
function messageOf(letter: Letter, arrival: number, idPrefix: string): Input {
  const { source, value, key, headers, timestamp } = letter;
  if (source.kind === 'kafka') {
    const { topic, partition = '0', offset = '0' } = source;
    const record = { offset: wholeOf(offset), key, value, headers, timestamp, timestampType: 'create' as const };
    return new ConsumedRecord({ topic, partition: Number(wholeOf(partition)) }, record);
  }
  const { topic, qos, retain } = source as Extract<Letter['source'], { kind: 'mqtt' }>;
  const payload = value ?? Buffer.alloc(0);
  const level = qos === '1' ? 1 : qos === '2' ? 2 : 0;
  return Object.assign(new MqttMessage(idPrefix), {
    ...{ topic, qos: level, flags: 0x30 | (level << 1) | Number(retain === 'true') },
    ...{ arrival, timestamp: Math.max(0, timestamp), buffer: payload, payloadEnd: payload.length },
  });
}

const wholeOf = (text: string): bigint => (/^\d{1,18}$/.test(text) ? BigInt(text) : 0n);

const unread = (letter: Letter): MkbError => {
  const { topic } = letter.source as { readonly topic: string };
  return new MkbError('dead-letter-topic-unread', { place: placeOf(letter), topic, rule: letter.reason!.rule });
};

const memoryOf = ({ key, value, headers }: Letter): number =>
  headers.reduce(
    (sum, [name, content]) => sum + overhead + name.length + (content?.length ?? 0),
    overhead + (key?.length ?? 0) + (value?.length ?? 0),
  );
