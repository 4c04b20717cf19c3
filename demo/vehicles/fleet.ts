/**
 * A fleet: vehicles that drive, and publish what they are doing, one connection each.
 *
 * One timer serves all. It wakes for whatever is due next, a vehicle's turn (rotation.ts) or somebody's connection (connector.ts),
 * does what is due, a bounded amount at a time so that the sockets are served in between, and sleeps again. A vehicle's reading bears the time
 * its turn was due, not the time the loop got to it. So a run is the same for the same seed and beginning, however busy the machine.
 */
import { MkbError } from '../../api/errors.ts';
import { systemClock } from './clock.ts';
import { Connection } from './connection.ts';
import { Connector } from './connector.ts';
import { defaultTopic } from './defaults.ts';
import { faultDice } from './faults.ts';
import { type Member, positionOf } from './member.ts';
import type { FleetCounters, FleetOptions, FleetSummary, VehiclePosition } from './options.ts';
import { payloadWriter } from './payload.ts';
import { Random, seedDigits } from './random.ts';
import { Rotation } from './rotation.ts';
import { topicFor } from './topic.ts';
import { Vehicle } from './vehicle.ts';

/** Turns between two looks at the sockets. */
const turnsAtOnce = 200;
/** How long to wait for acknowledgements at the end, ms. */
const farewellMs = 5000;

/** Reason codes of CONNACK that may be different in a moment: MQTT 3.1.1's 3; MQTT 5's unavailable, busy, quota, rate. */
const passingRefusals = new Set([3, 136, 137, 151, 159]);

/** Starts a fleet. Throws `option-invalid` for a topic that cannot be; everything later is reported by `ready` and `finished`. */
export const startFleet = (options: FleetOptions): Fleet => new Fleet(options);

/** A running fleet. */
export class Fleet {
  readonly counters: FleetCounters = {
    published: 0,
    acknowledged: 0,
    refused: 0,
    malformed: 0,
    bursts: 0,
    dropouts: 0,
    lost: 0,
    reconnected: 0,
    skipped: { disconnected: 0, window: 0, late: 0 },
  };
  /** When every vehicle has been connected once, or the fleet was stopped before. Rejects with `vehicles-unreachable` or `vehicles-refused`, like `finished`. */
  readonly ready: Promise<void>;
  /** When limit, duration or `stop` has ended the fleet, and every connection is closed. */
  readonly finished: Promise<FleetSummary>;

  readonly #options: FleetOptions;
  readonly #clock;
  readonly #qos: 0 | 1 | 2;
  readonly #members: readonly Member[];
  readonly #connector: Connector<Member>;
  readonly #startMs: number;
  readonly #beginMs: number;
  readonly #ready = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<FleetSummary>();
  #rotation: Rotation | undefined;
  #publishingSinceMs: number | undefined;
  #cancelTimer: () => void = () => {};
  #met = 0;
  #lastReason = 'no answer';
  #ending = false;
  #onSettled: () => void = () => {};

  constructor(options: FleetOptions) {
    const { clock = systemClock, seed = 1, vehicles = 10, qos = 1, connectsPerSecond = 200 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#qos = qos;
    this.#startMs = clock.now();
    this.#beginMs = Math.round(options.beginMs ?? this.#startMs);
    this.ready = this.#ready.promise;
    this.finished = this.#finished.promise;
    // Whoever waits for one of them need not listen to the other.
    this.ready.catch(() => {});
    this.finished.catch(() => {});
    this.#connector = new Connector(connectsPerSecond, new Random(seed, 'reconnecting'));
    this.#members = Array.from({ length: vehicles }, (_, index) => this.#member(index + 1, seed));
    for (const member of this.#members) this.#connector.add(member, this.#startMs);
    this.#sleep();
  }

  /** How many vehicles there are. */
  get size(): number {
    return this.#members.length;
  }

  /** How many are connected now. */
  get connected(): number {
    let count = 0;
    for (const { connection } of this.#members) if (connection.connected) count++;
    return count;
  }

  /** How many have been connected at least once. */
  get met(): number {
    return this.#met;
  }

  /** Why the last connection ended or failed, in words. */
  get lastReason(): string {
    return this.#lastReason;
  }

  /** The vehicles as their last messages showed them: all, or the first `count`. */
  positions(count = this.size): VehiclePosition[] {
    return this.#members.slice(0, count).map(positionOf);
  }

  /** Ends the fleet: no new message, up to 5 s for what is unacknowledged, then every connection is closed. */
  stop(): Promise<FleetSummary> {
    void this.#end();
    return this.finished;
  }

  #member(number: number, seed: number | string): Member {
    const {
      clientId = `mqttx_${seedDigits(seed)}`,
      topic = defaultTopic,
      profile = 'demo',
      faults = {},
    } = this.#options;
    const vehicle = new Vehicle(seed, number, this.#beginMs);
    const connection = new Connection(
      {
        ...this.#options,
        version: this.#options.mqttVersion ?? 'auto',
        connectTimeoutMs: this.#options.connectTimeoutMs ?? 10_000,
      },
      `${clientId}_${number}`,
      {
        opened: () => this.#opened(member),
        closed: (reason, refusal) => this.#closed(member, reason, refusal),
      },
    );
    const member: Member = {
      vehicle,
      connection,
      topic: topicFor(topic, connection.clientId, vehicle.identity),
      write: payloadWriter(profile, vehicle.identity, seed),
      throwDice: faultDice(faults, seed, number),
      shown: vehicle.at(this.#beginMs),
      met: false,
      attempts: 0,
      awayMs: 0,
    };
    return member;
  }

  #opened(member: Member): void {
    if (this.#ending) return;
    member.attempts = 0;
    if (member.met) {
      this.counters.reconnected++;
      return;
    }
    member.met = true;
    this.#met++;
    if (this.#rotation === undefined) {
      this.#publishingSinceMs = this.#clock.now();
      this.#rotation = new Rotation(this.size, this.#options.intervalMs ?? 1000, this.#publishingSinceMs);
      this.#wake();
    }
    if (this.#met === this.size) this.#ready.resolve();
  }

  #closed(member: Member, reason: string, refusal: number | undefined): void {
    this.#lastReason = reason;
    if (this.#ending) return;
    const { url } = this.#options;
    if (refusal !== undefined && !passingRefusals.has(refusal) && this.#met === 0) {
      void this.#end(new MkbError('vehicles-refused', { url: withoutSecrets(url), reason, reasonCode: refusal }));
      return;
    }
    const now = this.#clock.now();
    if (member.awayMs > 0) this.#connector.add(member, now + member.awayMs);
    else this.#connector.retry(member, member.attempts++, now);
    if (member.awayMs === 0 && member.met && member.attempts === 1) this.counters.lost++;
    member.awayMs = 0;
    this.#sleep();
  }

  /** Sets the timer for whatever is due next. */
  #sleep(): void {
    this.#cancelTimer();
    if (this.#ending) return;
    const due = [this.#rotation?.nextMs, this.#connector.nextMs, this.#deadlineMs()].filter(ms => ms !== undefined);
    if (due.length === 0) return;
    const next = due.reduce((soonest, ms) => Math.min(soonest, ms));
    this.#cancelTimer = this.#clock.after(next - this.#clock.now(), () => this.#wake());
  }

  /** When the fleet ends, or gives up if nobody has connected. */
  #deadlineMs(): number | undefined {
    const { durationMs, connectTimeoutMs = 10_000 } = this.#options;
    if (this.#publishingSinceMs === undefined) return this.#startMs + connectTimeoutMs;
    return durationMs === undefined ? undefined : this.#publishingSinceMs + durationMs;
  }

  #wake(): void {
    if (this.#ending) return;
    const now = this.#clock.now();
    for (let member = this.#connector.take(now); member !== undefined; member = this.#connector.take(now)) {
      member.connection.open();
    }
    if (this.#rotation !== undefined) this.#publishDue(this.#rotation, now);
    if (now >= (this.#deadlineMs() ?? Number.POSITIVE_INFINITY)) void this.#end(this.#givenUp());
    this.#sleep();
  }

  #publishDue(rotation: Rotation, now: number): void {
    this.counters.skipped.late += rotation.catchUp(now);
    const { durationMs = Number.POSITIVE_INFINITY } = this.#options;
    for (let turns = 0; turns < turnsAtOnce && rotation.nextMs <= now && !this.#ending; turns++) {
      if (rotation.sinceStartMs < durationMs) {
        this.#turn(this.#members[rotation.next]!, this.#beginMs + rotation.sinceStartMs);
      }
      rotation.advance();
    }
  }

  #turn(member: Member, timeMs: number): void {
    if (!member.met) return;
    const { awayMs, count, share } = member.throwDice();
    if (!member.connection.connected) {
      this.counters.skipped.disconnected++;
      return;
    }
    if (awayMs > 0) {
      this.counters.dropouts++;
      member.awayMs = awayMs;
      member.connection.drop();
      return;
    }
    if (count > 1) this.counters.bursts++;
    for (let i = 0; i < count && !this.#ending; i++) this.#publish(member, timeMs + i, share);
  }

  #publish(member: Member, timeMs: number, share: number): void {
    const { counters } = this;
    if (!member.connection.hasRoom) {
      counters.skipped.window++;
      return;
    }
    member.shown = member.vehicle.at(timeMs);
    let payload = member.write(member.shown);
    if (share < 1) {
      payload = payload.slice(0, Math.floor(payload.length * share));
      counters.malformed++;
    }
    counters.published++;
    member.connection.publish(member.topic, payload, this.#qos, taken => {
      if (taken) counters.acknowledged++;
      else counters.refused++;
      this.#onSettled();
    });
    if (counters.published === this.#options.limit) void this.#end();
  }

  #givenUp(): MkbError | undefined {
    if (this.#publishingSinceMs !== undefined) return undefined;
    const { url, connectTimeoutMs = 10_000 } = this.#options;
    return new MkbError('vehicles-unreachable', {
      url: withoutSecrets(url),
      waitedMs: connectTimeoutMs,
      reason: this.#lastReason,
    });
  }

  async #end(failure?: MkbError): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#cancelTimer();
    const endMs = this.#clock.now();
    if (failure === undefined) await this.#settled();
    const unacknowledged = this.#unacknowledged();
    await Promise.all(this.#members.map(({ connection }) => connection.end()));
    if (failure !== undefined) {
      this.#ready.reject(failure);
      this.#finished.reject(failure);
      return;
    }
    // Who waits for readiness when the fleet is stopped early need not wait for ever.
    this.#ready.resolve();
    const seconds = (endMs - (this.#publishingSinceMs ?? endMs)) / 1000;
    this.#finished.resolve({ ...structuredClone(this.counters), seconds, unacknowledged });
  }

  #unacknowledged(): number {
    return this.#members.reduce((sum, { connection }) => sum + connection.unacknowledged, 0);
  }

  /** Resolves when every message is answered, or after a while. */
  #settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(farewellMs, resolve);
    const { counters } = this;
    this.#onSettled = () => {
      if (this.#qos === 0 || counters.acknowledged + counters.refused === counters.published) resolve();
    };
    this.#onSettled();
    return promise.finally(cancel);
  }
}

/** A url for the eye: without user and password. */
const withoutSecrets = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');
