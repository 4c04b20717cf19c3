/**
 * An MQTT subscriber that acknowledges a message when it hears that the message is safe, and not before.
 *
 * It outlives its connections. The server keeps the session while we are away (Clean Start 0), so a lost connection costs nothing but
 * deliveries that come again. Arrival numbers run on over all connections; what may still be acknowledged on the present
 * one is the window's knowledge (acknowledgements.ts), and what QoS 2 has to remember is the receipts' (receipts.ts).
 *
 * Back-pressure is not reading: when the window is full or `pause` was called, the socket is left alone, and packets that were read
 * already wait where they lie. Keep-alive goes on.
 *
 * The surprising case is a refusal after a success, which may pass (patience.ts).
 */

import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { AcknowledgementWindow } from './acknowledgements.ts';
import { Connection, type ConnectionEvents } from './connection.ts';
import { Dialer } from './dialer.ts';
import { FrameReader } from './frames.ts';
import type { Welcome } from './handshake.ts';
import { MqttMessage } from './message.ts';
import { type SessionOptions, type Subscription, stopwatch } from './options.ts';
import { deliveryOf } from './qos2-delivery.ts';
import { Receipts } from './receipts.ts';
import type { SessionHandler } from './session-handler.ts';
import { SessionSubscriptions } from './session-subscriptions.ts';
import type { Grant } from './subscriber.ts';
import { Topics } from './topics.ts';
import { violation } from './violation.ts';

export class Session {
  readonly #options: SessionOptions;
  readonly #handler: SessionHandler;
  readonly #events: ConnectionEvents;
  readonly #dialer: Dialer;
  readonly #topics = new Topics();
  readonly #window: AcknowledgementWindow;
  readonly #receipts: Receipts;
  readonly #message: MqttMessage;
  readonly #now: () => number;
  readonly #elapsed: () => number;
  readonly #subscriptions: SessionSubscriptions;
  #state: 'new' | 'running' | 'suspended' | 'stopped' = 'new';
  /** Grows with each attempt to connect: an earlier one has nothing to say any more. */
  #attempt = 0;
  #connection: Connection | undefined;
  /** Most QoS 1 and 2 messages that the server may have unacknowledged on this connection. */
  #receiveLimit = Number.POSITIVE_INFINITY;
  #welcome: Welcome | undefined;
  #mostUnacknowledged = 0;
  /** Whether an overrun of this connection was reported. */
  #noticed = false;
  /** When the connection went live; undefined while there is none. */
  #liveSince: number | undefined;
  #paused = false;
  /** Whether this read had a QoS 2 message that was handed over before: the handler will not ask for its acknowledgement. */
  #repeated = false;
  #retry: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  /** Throws `mqtt-url-invalid` or `tls-invalid`; connects to nothing before `start`. */
  constructor(options: SessionOptions, handler: SessionHandler) {
    const { random = Math.random, now = Date.now } = options;
    this.#options = options;
    this.#handler = handler;
    this.#now = now;
    this.#elapsed = stopwatch(options);
    this.#dialer = new Dialer(options);
    this.#receipts = new Receipts(options.keepsReceipts);
    this.#window = new AcknowledgementWindow(options.windowCapacity, packetId => this.#receipts.receive(packetId));
    this.#message = new MqttMessage(
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    );
    this.#subscriptions = new SessionSubscriptions(options, {
      unsubscribe: filters => this.unsubscribe(filters),
      noticed: error => this.#notice(error),
    });
    this.#events = {
      welcomed: welcome => this.#welcomed(welcome),
      established: grants => this.#established(grants),
      publish: () => this.#publish(),
      pubrel: packetId => this.#pubrel(packetId),
      withoutIdentifiers: () => this.#subscriptions.dropIdentifiers(),
      problem: error => this.#notice(error),
      readEnd: messages => this.#readEnd(messages),
      ended: error => this.#ended(error),
    };
  }

  /** Connects, and stays connected until `suspend`, `close`, `abandon` or a permanent failure. A second call does nothing. */
  start(): void {
    if (this.#state !== 'new' && this.#state !== 'suspended') return;
    this.#state = 'running';
    void this.#connect();
  }

  /** Whether messages can arrive now. */
  get connected(): boolean {
    return this.#liveSince !== undefined;
  }

  /** Messages that were handed over and are not settled. */
  get unsettled(): number {
    return this.#window.unsettled;
  }

  /** Messages of QoS 1 and 2 that the server counts against our Receive Maximum. */
  get unacknowledged(): number {
    return this.#window.unacknowledged;
  }

  /** Acknowledgements that wait for an earlier message to be settled. */
  get heldBack(): number {
    return this.#window.heldBack;
  }

  /**
   * Whether the server has as many messages unacknowledged as it ever had on this connection: so it may be waiting for us. Its limit is the
   * Receive Maximum or lower, as many brokers have one of their own and do not say so.
   */
  get starved(): boolean {
    return this.outstanding > 0 && this.outstanding >= this.#mostUnacknowledged;
  }

  /** Whether it is connected and nothing is under way: all is settled and acknowledged, and every exchange of QoS 2 is complete. */
  get idle(): boolean {
    return this.connected && this.#window.unsettled === 0 && this.#window.unacknowledged === 0;
  }

  /** Asks the server for a sign of life. Fulfilled with whether it came on this connection. */
  async ping(): Promise<boolean> {
    return (await this.#connection?.ping()) ?? false;
  }

  /**
   * Asks the server to put nothing more into the session for `filters`; what waits in it still comes. Fulfilled with whether the server
   * has confirmed it on this connection. Rejected with `mqtt-unsubscription-refused`.
   */
  async unsubscribe(filters: readonly string[]): Promise<boolean> {
    return (await this.#connection?.unsubscribe(filters)) ?? false;
  }

  /**
   * Subscribes to more. Fulfilled with whether the server has granted all on this connection, and rejected with `mqtt-subscription-refused`: then call
   * `leave` with the same.
   */
  async subscribe(more: readonly Subscription[]): Promise<boolean> {
    this.#subscriptions.add(more);
    return (await this.#connection?.subscribe(more)) ?? false;
  }

  /** Wants these no more: gives them up, on a later connection if that cannot be now. */
  leave(filters: readonly string[]): void {
    this.#subscriptions.leave(filters);
  }

  /** Gives up filters of older documents, which it may have. */
  giveUp(filters: readonly string[]): void {
    this.#subscriptions.giveUp(filters);
  }

  /** Whether the server says with each message which subscriptions it comes for. */
  get identifies(): boolean {
    return (
      this.#welcome?.limits.identifiersAvailable === true &&
      this.#dialer.version === '5' &&
      this.#subscriptions.identified
    );
  }

  /** The message is safe, or dropped permanently: it may be acknowledged. Sends nothing. */
  settle(arrival: number): void {
    this.#window.settle(arrival);
  }

  /** Sends the acknowledgements that are due, in one write. Call it once after a batch of `settle`. Hands nothing over by itself. */
  acknowledge(): void {
    const due = this.#window.release();
    if (due !== undefined) this.#connection?.write(due);
    this.#proceed();
  }

  /**
   * Hands no more messages over and leaves the socket unread. Keep-alive goes on, but no silence is held against the server; a connection
   * that is lost meanwhile is noticed when the next PINGREQ cannot be sent.
   */
  pause(): void {
    this.#paused = true;
    this.#connection?.hold();
  }

  resume(): void {
    this.#paused = false;
    this.#proceed();
  }

  /**
   * Packet identifiers of QoS 2 that the server may deliver again, to be kept; with `keepsReceipts`. PUBRELs that came before are answered when that
   * is done: `kept`.
   */
  receipts(): readonly number[] {
    return this.#receipts.seal();
  }

  kept(): void {
    this.#receipts.kept();
    this.#complete();
  }

  /** Leaves the server, and forgets what was handed over: what is not acknowledged comes again after `restore` and `start`. */
  suspend(): void {
    if (this.#state !== 'running') return;
    this.#state = 'suspended';
    clearTimeout(this.#retry);
    this.#connection?.abandon();
    this.#disconnect();
    this.#window.forsake();
  }

  /** Takes up what was kept. Call before `start`. */
  restore(receipts: Iterable<number>): void {
    this.#receipts.restore(receipts);
  }

  /**
   * Hands no more messages over, sends the acknowledgements that are due and DISCONNECT, and closes. The server keeps the session.
   * Resolves when all is sent and the server has closed, at the latest after `limitMs` or `connectTimeoutMs`.
   */
  close(limitMs?: number): Promise<void> {
    this.#closing ??= this.#part(limitMs);
    return this.#closing;
  }

  /** Closes at once, without a word to the server. */
  abandon(): void {
    const connection = this.#stop();
    connection?.abandon();
  }

  async #part(limitMs?: number): Promise<void> {
    const due = [this.#receipts.release(this.#dialer.version), this.#window.release()];
    const connection = this.#stop();
    for (const bytes of due) if (bytes !== undefined) connection?.write(bytes);
    await connection?.close(limitMs);
  }

  /** Nothing of the handler is called after this. Returns the connection that was, if any. */
  #stop(): Connection | undefined {
    const connection = this.#connection;
    this.#state = 'stopped';
    clearTimeout(this.#retry);
    this.#subscriptions.stop();
    this.#disconnect();
    return connection;
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    const reason = this.#handler.connectsLater?.();
    if (reason) await reason;
    const call = await this.#dialer.next().catch(asMkbError);
    if (this.#state !== 'running' || attempt !== this.#attempt) return;
    if (MkbError.is(call)) {
      this.#ended(call);
      return;
    }
    const { version, maximumPacketSize } = call.options;
    this.#receiveLimit = version === '5' ? this.#options.receiveMaximum : Number.POSITIVE_INFINITY;
    const reader = new FrameReader(this.#message, version, maximumPacketSize, this.#topics);
    const options = { ...call.options, subscriptions: this.#subscriptions.asked };
    const parts = { ...call, options, reader, message: this.#message, now: this.#now };
    this.#connection = new Connection(parts, this.#events);
  }

  get #blocked(): boolean {
    return this.#paused || this.#window.full || this.#overrun;
  }

  /**
   * Whether the server has sent more than our Receive Maximum, and that much is still on its way to Kafka. The protocol would have us
   * leave (0x93), but Mosquitto 2.0 does it whenever it has a queue, and would do it again. So it is read no further for now. What counts is
   * what is not settled: a QoS 2 exchange is completed by packets that lie unread meanwhile.
   */
  get #overrun(): boolean {
    return this.#window.unacknowledged > this.#receiveLimit && this.#window.unsettled > this.#receiveLimit;
  }

  #proceed(): void {
    if (!this.#blocked) this.#connection?.proceed();
  }

  #welcomed(welcome: Welcome): boolean {
    this.#welcome = welcome;
    const lowered = this.#dialer.accepted();
    if (lowered) this.#handler.noticed(lowered);
    if (!welcome.sessionPresent) {
      this.#receipts.forget();
      if (this.#handler.sessionLost?.()) {
        this.#connection?.fail(new MkbError('mqtt-session-lost', { url: this.#connection.url }));
        return false;
      }
    }
    if (this.#blocked) this.#connection?.hold();
    return this.#subscriptions.welcomed(welcome, this.#dialer.version);
  }

  #established(grants: readonly Grant[]): void {
    const { sessionPresent = false, sessionExpirySeconds } = this.#welcome ?? {};
    this.#subscriptions.established();
    this.#dialer.live();
    this.#liveSince = this.#elapsed();
    const url = this.#connection?.url ?? '';
    this.#handler.connected({ sessionPresent, url, version: this.#dialer.version, grants, sessionExpirySeconds });
  }

  #publish(): boolean {
    const message = this.#message;
    if (message.qos < 2 || this.#isNew(message)) this.#handOver(message);
    return !this.#blocked;
  }

  #handOver(message: MqttMessage): void {
    const arrival = this.#window.arrive(message.packetId, message.qos);
    if (message.qos === 2) this.#receipts.arrive(message.packetId, arrival);
    message.arrival = arrival;
    message.unwanted = this.#subscriptions.whyUnwanted(message);
    this.#handler.message(message, arrival);
    if (this.#noticed || !this.#overrun) return;
    this.#noticed = true;
    this.#notice(new MkbError('mqtt-receive-maximum-exceeded', { limit: this.#receiveLimit }));
  }

  #notice(error: MkbError): void {
    if (this.#state === 'running') this.#handler.noticed(error);
  }

  /** Whether a QoS 2 message has not been handed over yet. */
  #isNew(message: MqttMessage): boolean {
    const delivery = deliveryOf(message, this.#receipts, this.#window);
    if (delivery === 'repeated') this.#repeated = true;
    if (delivery === 'misused')
      this.#fail(0x82, `it used the packet identifier ${message.packetId} again before it was free`);
    return delivery === 'new';
  }

  #pubrel(packetId: number): void {
    if (this.#receipts.complete(packetId)) this.#window.complete();
  }

  #readEnd(messages: boolean): void {
    this.#complete();
    if (this.#repeated) this.acknowledge();
    this.#repeated = false;
    this.#mostUnacknowledged = Math.max(this.#mostUnacknowledged, this.outstanding);
    if ((messages || this.#receipts.due > 0) && this.#state === 'running') this.#handler.readEnd();
  }

  /** Sends the PUBCOMPs that may be sent. */
  #complete(): void {
    const pubcomps = this.#receipts.release(this.#dialer.version);
    if (pubcomps !== undefined) this.#connection?.write(pubcomps);
  }

  /** Exchanges that are not complete for the server. */
  get outstanding(): number {
    return this.#window.unacknowledged + this.#receipts.due;
  }

  #fail(reasonCode: number, what: string): void {
    this.#connection?.fail(violation(reasonCode, what));
  }

  #ended(error: MkbError): void {
    const livedMs = this.#liveSince === undefined ? undefined : this.#elapsed() - this.#liveSince;
    this.#disconnect();
    const { error: judged, pauseMs, quiet } = this.#dialer.ended(error, livedMs);
    if (judged.kind === 'permanent' && !quiet && !this.#options.persistent) {
      this.#state = 'stopped';
      this.#subscriptions.stop();
      this.#handler.failed(judged);
      return;
    }
    this.#retry = setTimeout(() => void this.#connect(), pauseMs);
    if (!quiet) this.#handler.disconnected(judged);
  }

  #disconnect(): void {
    this.#connection = undefined;
    this.#liveSince = undefined;
    this.#mostUnacknowledged = 0;
    this.#noticed = false;
    this.#window.disconnect();
    this.#receipts.disconnect();
  }
}
