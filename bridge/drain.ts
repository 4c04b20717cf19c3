/**
 * Empties the MQTT session of a replica that does not come back, and ends it.
 *
 * A session outlives its replica. What waits in it would wait until it expires, and brokers such as Mosquitto go on putting messages of a
 * shared subscription into it. So a bridge is run once more as that replica, without subscribing to anything:
 *
 * 1. It takes part as it always did, until it has caught up. Giving up the subscription first would lose messages where the queue is not the
 *    session's: HiveMQ keeps one for the whole group, and gives nothing of it to who has unsubscribed. There may be nobody else.
 * 2. UNSUBSCRIBE. From then on messages go to the other replicas.
 * 3. It delivers what is left in the session.
 * 4. The session is ended.
 *
 * MQTT has no word for "that was all", so silence must say it. A broker that does things in their order (Mosquitto) has sent everything it may
 * send before it answers a ping; another (HiveMQ) answers pings at once and fetches messages meanwhile. Therefore both are asked for:
 * for two seconds nothing comes and nothing is under way, and the broker answers pings, so that it is neither gone nor frozen.
 * While messages are published all the time there is no silence in step 1; ten seconds of work are enough then.
 *
 * The surprising case is a filter that an older document had. The session gives it up where it can be found (mqtt/old-subscriptions.ts);
 * otherwise its messages go on coming in step 3. No rule wants them: ten seconds of nothing but those count as silence.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { asMkbError } from '../api/errors/as-mkb-error.ts';
import { MkbError } from '../api/errors.ts';
import { type Outcome, outcomes } from './flow/outcome.ts';
import type { ConsumerOptions } from './kafka/consumer/options.ts';
import { removeInstance } from './kafka/consumer/remove-instance.ts';
import { Bridge } from './main.ts';
import { endSession } from './mqtt/end-session.ts';
import type { SessionOptions } from './mqtt/options.ts';
import { ErrorLog } from './observe/log.ts';
import { type BridgeOptions, type BridgeParts, prepareParts } from './parts.ts';

export interface DrainOptions extends BridgeOptions {
  /** Pause between two looks, milliseconds; 250 unless a test is in a hurry. */
  readonly everyMs?: number;
  /** Only catches up: the session and its subscriptions stay, for a broker that is stopped next and keeps them. */
  readonly keepSession?: boolean;
  /** Whether it opens the buffer on disk; it does unless this is false. */
  readonly buffer?: boolean;
}

export interface DrainReport {
  /** Whether the broker had a session at all. */
  readonly sessionPresent: boolean;
  /** Messages that came, by what became of them. One that came twice counts twice. */
  readonly messages: ReadonlyMap<Outcome, number>;
}

/**
 * What one look found since the one before: nothing at all; nothing that a rule wants; work that got done; work that waits for Kafka or for
 * a connection.
 */
type Look = 'still' | 'unwanted' | 'moving' | 'stuck';

/** So many looks in a row without a message are silence. */
const silenceLooks = 8;
/** So many looks with messages are enough, where silence cannot be had. */
const patienceLooks = 40;

export class Drain {
  readonly clientId: string;
  readonly #bridge: Bridge;
  readonly #session: SessionOptions;
  readonly #consumer: ConsumerOptions | undefined;
  readonly #errors: ErrorLog;
  readonly #everyMs: number;
  readonly #keepSession: boolean;
  /** Messages at the last look: those that are settled, and of these the ones that a rule wanted. */
  #settled = 0;
  #wanted = 0;

  /** Use `prepareDrain`. */
  constructor(document: MqttKafkaBridge, parts: BridgeParts, options: DrainOptions) {
    const { log, everyMs = 250, keepSession = false, buffer = true } = options;
    if (parts.session === undefined)
      throw new MkbError('part-unsupported', {
        path: 'spec.mqtt.listen',
        message: 'A bridge that MQTT clients connect to has no session at a broker, and so nothing to drain.',
        remedy: 'Stop it: what it has not acknowledged is sent again by the clients.',
      });
    this.#session = parts.session;
    this.#consumer = parts.kafkaSource?.consumer;
    this.clientId = this.#session.clientId;
    // What goes from Kafka to MQTT is none of this replica's: the group gives its partitions to the others.
    const session = { ...this.#session, subscribes: false };
    const mqttSource = parts.mqttSource && { ...parts.mqttSource, session, ...(!buffer && { buffer: undefined }) };
    this.#bridge = new Bridge(document, { ...parts, mqttSource, kafkaSource: undefined }, log);
    this.#errors = new ErrorLog(log);
    this.#everyMs = everyMs;
    this.#keepSession = keepSession;
  }

  /**
   * Waits for brokers that are away, and reconnects. Throws what no waiting fixes, and `drain-unfinished` when it is broken off; then the
   * session is kept, and can be drained again. Call it once.
   *
   * @param signal breaks it off, for a reason that is text: `the timeout of 10m has passed`
   */
  async run(signal: AbortSignal): Promise<DrainReport> {
    const bridge = this.#bridge;
    let missing: readonly string[] = [];
    const stop = () => {
      missing = bridge.missing();
      void bridge.stop();
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      await bridge.start();
      signal.throwIfAborted();
      const sessionPresent = bridge.connection?.sessionPresent === true;
      if (sessionPresent) await this.#empty(signal);
      while ((bridge.buffer?.messages ?? 0) > 0) await this.#look(signal);
      await bridge.stop();
      if (!this.#keepSession) await endSession(this.#session, error => this.#errors.report('warn', error), signal);
      await this.#leaveGroup();
      return { sessionPresent, messages: this.#messages() };
    } catch (error) {
      const { unacknowledged } = await bridge.stop();
      if (!signal.aborted) throw error;
      throw this.#unfinished(
        [signal.reason, ...missing.map(reason => reason.replace(/\.$/, ''))].join(', and '),
        unacknowledged,
      );
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** A static member would keep its partitions until its session ends; if it cannot be taken out, that is what happens. */
  async #leaveGroup(): Promise<void> {
    if (this.#consumer?.instanceId === undefined) return;
    await removeInstance(this.#consumer).catch(error => this.#errors.report('warn', asMkbError(error)));
  }

  async #empty(signal: AbortSignal): Promise<void> {
    await this.#catchUp(signal);
    if (this.#keepSession) return;
    const filters = this.#session.subscriptions.map(({ filter }) => filter);
    while (!(await this.#bridge.session.unsubscribe(filters))) await this.#look(signal);
    await this.#finish(signal);
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    let still = 0;
    let moving = 0;
    while (still < silenceLooks && moving < patienceLooks) {
      const look = await this.#look(signal);
      still = look === 'still' ? still + 1 : 0;
      if (look === 'moving' || look === 'unwanted') moving++;
    }
  }

  async #finish(signal: AbortSignal): Promise<void> {
    let still = 0;
    let nothingWanted = 0;
    while (still < silenceLooks && nothingWanted < patienceLooks) {
      const look = await this.#look(signal);
      still = look === 'still' ? still + 1 : 0;
      nothingWanted = look === 'still' || look === 'unwanted' ? nothingWanted + 1 : 0;
    }
  }

  /** Throws when the bridge has failed, and when it is broken off. */
  async #look(signal: AbortSignal): Promise<Look> {
    const { session, account, ended, buffer } = this.#bridge;
    await Promise.race([pause(this.#everyMs), ended]);
    const answered = await session.ping();
    signal.throwIfAborted();
    const [settledBefore, wantedBefore] = [this.#settled, this.#wanted];
    this.#settled = account.received - account.inFlight;
    this.#wanted = this.#settled - account.count('no_rule') - account.count('old_subscription');
    const inFlight = account.inFlight > 0 || (buffer?.messages ?? 0) > 0;
    if (!answered || inFlight || this.#wanted > wantedBefore) return this.#settled > settledBefore ? 'moving' : 'stuck';
    return session.idle && this.#settled === settledBefore ? 'still' : 'unwanted';
  }

  #messages(): Map<Outcome, number> {
    const { account } = this.#bridge;
    return new Map(
      outcomes.map(outcome => [outcome, account.count(outcome)] as const).filter(([, count]) => count > 0),
    );
  }

  #unfinished(why: string, unacknowledged: number): MkbError {
    const drained = this.#bridge.account.received - unacknowledged;
    return new MkbError('drain-unfinished', { clientId: this.clientId, why, drained, unacknowledged });
  }
}

/** A drain that is ready to run. Throws as `prepareBridge`. */
export async function prepareDrain(document: MqttKafkaBridge, options: DrainOptions): Promise<Drain> {
  return new Drain(document, await prepareParts(document, options), options);
}
