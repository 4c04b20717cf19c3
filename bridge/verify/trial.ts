/**
 * Whether an MQTT server and a Kafka keep what they acknowledge: numbered messages are published, a bridge carries them, Kafka is read back,
 * and meanwhile things are broken, one after the other.
 *
 * Messages wait in the MQTT server only while the bridge is away, so it always is when that server is broken: a restart shows nothing of a queue
 * that is empty. What was published is published by mqtt.js, so that the bridge's own client does not judge itself.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { topicUses } from '../doctor/topic-uses.ts';
import type { FetchedRecord } from '../kafka/consumer/batch-records.ts';
import type { SessionOptions } from '../mqtt/options.ts';
import { type BridgeOptions, prepareParts } from '../parts.ts';
import { consumerOptions } from '../settings.ts';
import { type BrokerVersion, brokerVersion } from './broker-version.ts';
import { Carrier } from './carrier.ts';
import { clientOptions } from './client-options.ts';
import { Load } from './load.ts';
import { readNumbered } from './numbered-message.ts';
import type { FaultFacts, TrialFacts } from './suspects.ts';
import { type Latency, Times } from './times.ts';
import { TopicReader } from './topic-reader.ts';
import { trialDocument } from './trial-document.ts';
import { type TopicFacts, TrialTopic } from './trial-topic.ts';
import { type Arrival, Tally, type Verdict } from './verdict.ts';

/** Something to break. */
export interface TrialFault {
  readonly name: string;
  readonly side: FaultFacts['side'];
  /** Breaks it, and returns when it runs again or is on its way to. */
  act(signal: AbortSignal): Promise<void>;
}

export interface TrialOptions extends BridgeOptions {
  /** The name of everything that is made. */
  readonly run: string;
  readonly messagesPerSecond: number;
  readonly payloadBytes: number;
  /** How long to publish, milliseconds; longer if what is broken takes longer. */
  readonly durationMs: number;
  /** How long the bridge is away, milliseconds. */
  readonly awayMs: number;
  /** How long messages may take to flow again after a fault, milliseconds. */
  readonly patienceMs: number;
  /** How long nothing new may come at the end before what is missing counts as lost, milliseconds. */
  readonly quietMs: number;
  /** How long one thing may take to be removed, milliseconds; 10 s if it is not given. */
  readonly removeMs?: number;
  readonly faults: readonly TrialFault[];
  /** Called with what happens now, in a line. */
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface TrialResult extends TrialFacts {
  readonly verdict: Verdict;
  readonly latency: Latency | undefined;
  /** Why messages did not flow again after a fault. */
  readonly stuck: MkbError | undefined;
}

const clients = 4;
const everyMs = 50;
/** Messages that were under way when something was broken count as published meanwhile. */
const marginMs = 1000;

interface Window {
  readonly fault: TrialFault;
  readonly from: number;
  readonly to: number;
  readonly sessionPresent: boolean | undefined;
}

/** Throws why it cannot be tried, and the signal's reason. Leaves nothing behind; what could not be removed goes to `left`. */
export async function runTrial(
  document: MqttKafkaBridge,
  options: TrialOptions,
  left: (error: MkbError) => void,
): Promise<TrialResult> {
  const trial = new Trial(document, await partsOf(trialDocument(document, options.run), options), options);
  try {
    return await trial.run();
  } finally {
    await trial.cleanUp(left);
  }
}

interface Parts {
  readonly document: MqttKafkaBridge;
  readonly session: SessionOptions;
  readonly consumer: Awaited<ReturnType<typeof consumerOptions>>;
}

async function partsOf(document: MqttKafkaBridge, options: BridgeOptions): Promise<Parts> {
  const [{ session, jq, registries }, consumer] = await Promise.all([
    prepareParts(document, options),
    consumerOptions(document, [], options.secrets, 0),
  ]);
  jq.close();
  registries.close();
  return { document, session: session!, consumer };
}

class Trial {
  readonly #user: MqttKafkaBridge;
  readonly #parts: Parts;
  readonly #options: TrialOptions;
  readonly #carrier: Carrier;
  readonly #topic: TrialTopic;
  readonly #reader: TopicReader;
  readonly #times = new Times();
  readonly #windows: Window[] = [];
  #load: Load | undefined;
  #tally: Tally | undefined;
  #arrivals = 0;
  #stuck: MkbError | undefined;

  constructor(user: MqttKafkaBridge, parts: Parts, options: TrialOptions) {
    this.#user = user;
    this.#parts = parts;
    this.#options = options;
    this.#carrier = new Carrier(parts.document, options);
    this.#topic = new TrialTopic(options.run, parts.consumer.cluster);
    this.#reader = new TopicReader(parts.consumer, options.run, (partition, record) => this.#take(partition, record));
  }

  async run(): Promise<TrialResult> {
    const { durationMs, faults, say, run, signal } = this.#options;
    const uses = topicUses(this.#user.spec).filter(({ writes }) => writes);
    const topic = await this.#topic.make(uses.map(use => use.topic));
    signal.throwIfAborted();
    await this.#until(this.#carrier.come());
    await this.#until(this.#reader.open());
    const broker = await this.#publish();
    say(`Publishing to ${run}/..., ${this.#options.messagesPerSecond} messages a second`);
    const calmMs = durationMs / (faults.length + 1);
    await this.#calm(calmMs);
    for (const fault of faults) {
      if (this.#stuck === undefined) await this.#break(fault);
      if (this.#stuck === undefined) await this.#calm(calmMs);
    }
    if (this.#stuck === undefined) await this.#settle();
    return this.#result(await this.#readAgain(), topic, broker);
  }

  /** Removes what was made. What cannot be removed is reported, and the rest is removed all the same. */
  async cleanUp(left: (error: MkbError) => void): Promise<void> {
    const { run, removeMs = 10_000 } = this.#options;
    const removed = async (what: string, work: (late: AbortSignal) => Promise<unknown>) => {
      const late = AbortSignal.timeout(removeMs);
      try {
        await Promise.race([work(late), rejected(late)]);
      } catch (error) {
        const reason = late.aborted ? 'there is no answer.' : asMkbError(error).message;
        left(new MkbError('verify-left-behind', { what, reason }));
      }
    };
    await this.#load?.stop();
    await removed(`The MQTT session of ${run}`, late => this.#carrier.end(late));
    await this.#reader.close();
    await removed(`The Kafka topic ${run}`, () => this.#topic.remove());
    this.#topic.close();
  }

  async #publish(): Promise<BrokerVersion | undefined> {
    const { session } = this.#parts;
    const { run, messagesPerSecond, payloadBytes } = this.#options;
    const { url, version } = this.#carrier.connection!;
    const mqttUrl = session.urls.find(each => each.includes(new URL(url).host)) ?? session.urls[0]!;
    const connect = clientOptions(session, version);
    const broker = await brokerVersion(mqttUrl, connect, `${run}-look`);
    const load = new Load({
      ...{ mqttUrl, connect, topicPrefix: run, clients, qos: 1, messagesPerSecond, payloadBytes },
      messagesPerClient: Number.POSITIVE_INFINITY,
      published: client => this.#times.published(client),
    });
    this.#load = load;
    this.#tally = new Tally(load.ledgers);
    await this.#until(load.start());
    return broker;
  }

  #take(partition: number, record: FetchedRecord): void {
    const arrival = arrivalOf(partition, record);
    const { client, number } = arrival;
    if (!this.#tally?.enter(arrival) || client === undefined || number === undefined) return;
    this.#arrivals++;
    this.#times.arrived(client, number);
  }

  async #break(fault: TrialFault): Promise<void> {
    const { awayMs, say, signal } = this.#options;
    const from = performance.now();
    say(`Fault: ${fault.name}`);
    if (fault.side !== 'kafka') {
      await this.#carrier.leave();
      await this.#calm(awayMs / (fault.side === 'mqtt' ? 2 : 1));
    }
    await this.#until(fault.act(signal));
    if (fault.side !== 'kafka') {
      // The queue goes on growing while the publishers are back and the bridge is not.
      if (fault.side === 'mqtt') await this.#calm(awayMs / 2);
      await this.#within(fault, this.#carrier.come());
    }
    const to = performance.now();
    if (this.#stuck === undefined) await this.#flowing(fault, to);
    const sessionPresent = this.#stuck === undefined ? this.#carrier.connection?.sessionPresent : undefined;
    this.#windows.push({ fault, from, to: performance.now(), sessionPresent });
  }

  /** Until a message is in Kafka that was published after this time. */
  async #flowing(fault: TrialFault, since: number): Promise<void> {
    const isThere = () => this.#times.newest > since;
    if (!(await this.#wait(isThere, this.#options.patienceMs))) this.#giveUp(fault);
  }

  async #within(fault: TrialFault, work: Promise<void>): Promise<void> {
    const done = work.then(() => true);
    if (!(await this.#until(Promise.race([done, pause(this.#options.patienceMs, false)])))) this.#giveUp(fault);
    done.catch(() => undefined);
  }

  #giveUp({ name: fault }: TrialFault): void {
    const reasons = [...this.#carrier.missing, ...(this.#load!.connected ? [] : ['the publishers are not connected'])];
    this.#stuck = new MkbError('verify-stuck', {
      fault,
      reason: reasons.join('; ') || 'nothing is known to be missing',
    });
  }

  /** Until all that was acknowledged is there, or nothing comes any more. */
  async #settle(): Promise<void> {
    const { quietMs, say } = this.#options;
    say('Reading what is left');
    this.#load!.enough();
    let published = false;
    void this.#load!.finished.then(() => {
      published = true;
    });
    for (let before = -1; before !== this.#arrivals; ) {
      before = this.#arrivals;
      const isOver = () => (published && this.#tally!.outstanding === 0) || this.#arrivals > before;
      await this.#wait(isOver, quietMs, 10 * everyMs);
      if (published && this.#tally!.outstanding === 0) return;
    }
  }

  /** What Kafka gave once it may have lost later, when another replica became the leader: what counts is what it has at the end. */
  async #readAgain(): Promise<Verdict> {
    const { run, patienceMs } = this.#options;
    const tally = new Tally(this.#load!.ledgers);
    const reader = new TopicReader(this.#parts.consumer, run, (partition, record) => {
      tally.enter(arrivalOf(partition, record));
    });
    try {
      await this.#until(reader.open());
      const isRead = await this.#wait(() => reader.atEnd, patienceMs);
      if (!isRead && this.#stuck === undefined)
        this.#stuck = new MkbError('verify-stuck', {
          fault: 'the end',
          reason: 'Kafka does not give all of its records',
        });
      return tally.verdict();
    } finally {
      await reader.close();
    }
  }

  #result(verdict: Verdict, topic: TopicFacts, broker: BrokerVersion | undefined): TrialResult {
    const { spec } = this.#user;
    const acknowledged = new Map(this.#load!.ledgers.map(ledger => [ledger.client, ledger.acknowledged]));
    const of = (client: string) => acknowledged.get(client)!;
    const faults = this.#windows.map(({ fault, from, to, sessionPresent }) => {
      const lot = this.#times.between(from - marginMs, to, of, verdict);
      return { name: fault.name, side: fault.side, ...lot, sessionPresent };
    });
    return {
      ...{ verdict, latency: this.#times.latency, stuck: this.#stuck, faults, broker, topic },
      lost: verdict.lost,
      lostByKafka: Math.min(verdict.lost, Math.max(0, this.#carrier.delivered - verdict.records)),
      acks: spec.kafka.producer.acks,
      qos: spec.mqtt.qos,
      sessionExpiry: spec.mqtt.sessionExpiry,
    };
  }

  async #calm(ms: number): Promise<void> {
    await this.#wait(() => false, ms);
  }

  /** Returns whether the state came. Throws the signal's reason, and why the bridge ended. */
  async #wait(state: () => boolean, limitMs: number, stepMs = everyMs): Promise<boolean> {
    const end = performance.now() + limitMs;
    for (;;) {
      this.#options.signal.throwIfAborted();
      if (this.#carrier.failure) throw this.#carrier.failure;
      if (state()) return true;
      const left = end - performance.now();
      if (left <= 0) return false;
      await pause(Math.min(stepMs, left));
    }
  }

  /** As the work, unless the signal comes first. */
  #until<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, rejected(this.#options.signal)]);
  }
}

function arrivalOf(partition: number, { offset, key, value }: FetchedRecord): Arrival {
  const message = value ? readNumbered(value) : undefined;
  return {
    ...{ partition, offset: Number(offset) },
    key: key?.toString(),
    client: message?.client,
    number: message?.number,
  };
}

const rejected = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
