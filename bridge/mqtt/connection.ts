/**
 * One network connection of a session: from the first attempt to reach the server to the end, whichever side made it.
 *
 * CONNECT, CONNACK, SUBSCRIBE if the session wants it, SUBACK; then it is live. It reads packets and hands them to the session, holds the
 * socket when asked to, keeps the connection alive, and says once how it ended. What outlives it (window, receipts, the decision
 * to come back) is the session's.
 */
import { MkbError } from '../../api/errors.ts';
import { shownUrl } from '../../network/shown-url.ts';
import { spokenBy } from '../../network/spoken.ts';
import { connectionFailure, type Progress } from './connection-failure.ts';
import { connectPacket, decodeControl, disconnectPacket, pingreq } from './control-packets.ts';
import { type FrameReader, packetType } from './frames.ts';
import { readConnack, readOldConnack, type ServerLimits, type Welcome } from './handshake.ts';
import { KeepAlive } from './keep-alive.ts';
import type { MqttMessage } from './message.ts';
import { openTransport } from './open-transport.ts';
import type { ConnectionOptions, Subscription } from './options.ts';
import { Questions } from './questions.ts';
import { reasonError } from './reasons.ts';
import { readRequestAnswer } from './request-answers.ts';
import { type Grant, Subscriber } from './subscriber.ts';
import type { Target, Transport } from './transport.ts';
import { violation } from './violation.ts';

export interface ConnectionEvents {
  /** The server let us in. Returns whether to subscribe. PUBLISH packets may come from now on. */
  welcomed(welcome: Welcome): boolean;
  /** Live: everything is subscribed. `grants` is empty when the server had the subscriptions already. */
  established(grants: readonly Grant[]): void;
  /** The message object was pointed at a PUBLISH. Returns whether another may be handed over; otherwise the connection holds. */
  publish(): boolean;
  pubrel(packetId: number): void;
  /** A PUBACK, PUBREC or PUBCOMP came: the whole packet, valid during the call. A client that publishes nothing leaves it out: it is a violation. */
  acknowledgement?(type: number, packet: Buffer): void;
  /** The server ends the connection because of Subscription Identifiers, which it said it has. */
  withoutIdentifiers?(): void;
  /** The server does not do something now that is asked again. */
  problem?(error: MkbError): void;
  /** What one read gave is handed over, or the connection holds. `messages` says whether there was a PUBLISH. */
  readEnd(messages: boolean): void;
  /** Once, and the last thing that is called (`readEnd` of the same read excepted). Not called after `close` or `abandon`. */
  ended(error: MkbError): void;
}

export interface ConnectionParts {
  readonly target: Target;
  readonly options: ConnectionOptions;
  readonly reader: FrameReader;
  readonly message: MqttMessage;
  readonly now: () => number;
}

type Phase = 'opening' | 'connecting' | 'subscribing' | 'live' | 'ended';

/** What answers a PUBLISH, or a PUBREL. */
const acknowledgements: ReadonlySet<number> = new Set([packetType.puback, packetType.pubrec, packetType.pubcomp]);

/** How long an ended connection may take to say why to the server. */
const partingMs = 1000;

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #events: ConnectionEvents;
  readonly #transport: Transport;
  readonly #keepAlive: KeepAlive;
  readonly #questions = new Questions();
  /** From CONNACK on. */
  #subscriber: Subscriber | undefined;
  readonly #goOn = () => this.#proceed();
  #phase: Phase = 'opening';
  #held = false;
  #goingOn = false;
  #deadline: NodeJS.Timeout | undefined;
  #parted: (() => void) | undefined;

  constructor(parts: ConnectionParts, events: ConnectionEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#transport = openTransport(parts.target, {
      opened: () => this.#opened(),
      data: chunk => this.#data(chunk),
      closed: error => this.#closed(error),
    });
    this.#keepAlive = new KeepAlive({ ping: () => void this.ping(), silent: () => this.#silent() });
    this.#setDeadline();
  }

  /** As logs and events show it. */
  get url(): string {
    return shownUrl(this.#parts.target.url);
  }

  /** Whether the server has let us in, and is still there. */
  get #greeted(): boolean {
    return this.#phase === 'subscribing' || this.#phase === 'live';
  }

  write(bytes: Buffer): void {
    this.#transport.write(bytes);
  }

  /** PINGREQ. Fulfilled with whether PINGRESP came before the connection ended. */
  ping(): Promise<boolean> {
    if (!this.#greeted) return Promise.resolve(false);
    this.write(pingreq);
    return this.#questions.asked();
  }

  /** SUBSCRIBE to more: see `Subscriber.add`. Only when it is live. */
  subscribe(more: readonly Subscription[]): Promise<boolean> {
    return this.#phase === 'live' ? this.#subscriber!.add(more) : Promise.resolve(false);
  }

  /** UNSUBSCRIBE: see `Subscriber.unsubscribe`. */
  unsubscribe(filters: readonly string[]): Promise<boolean> {
    return this.#subscriber?.unsubscribe(filters) ?? Promise.resolve(false);
  }

  /** Stops reading. Packets of a read that was not used up wait. Before CONNACK it does nothing: ask again when `welcomed`. */
  hold(): void {
    if (this.#held || this.#phase === 'opening' || this.#phase === 'connecting') return;
    this.#held = true;
    this.#transport.pause();
    this.#keepAlive.hold(true);
  }

  /** Reads on, after the caller has returned: nothing is handed over during this call. */
  proceed(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#goingOn) return;
    this.#goingOn = true;
    queueMicrotask(this.#goOn);
  }

  /** Ends the connection because of `error`; with MQTT 5 the server hears why if it broke the protocol. */
  fail(error: MkbError): void {
    if (this.#phase === 'ended') return;
    if (MkbError.is(error, 'mqtt-protocol-error')) this.#part(error.details.reasonCode);
    else if (error.code === 'mqtt-subscription-refused') this.#part(0x00);
    else if (error.code === 'mqtt-session-lost') this.#part(0x00, partingMs, true);
    else this.abandon();
    this.#events.ended(error);
  }

  /** Sends DISCONNECT, which keeps the session, and closes when all is sent; at the latest after `limitMs` or `connectTimeoutMs`. */
  close(limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#phase === 'ended') resolve();
    else {
      this.#parted = resolve;
      this.#part(0x00, Math.min(limitMs, this.#parts.options.connectTimeoutMs));
    }
    return promise;
  }

  /** Closes at once and says nothing to the server. */
  abandon(): void {
    this.#stop();
    this.#gone();
  }

  #stop(): void {
    this.#phase = 'ended';
    this.#keepAlive.stop();
    this.#questions.end();
    this.#subscriber?.end();
    clearTimeout(this.#deadline);
  }

  /**
   * Says DISCONNECT and waits for the server to close. What still comes is read and thrown away: closing a socket with unread bytes
   * resets it, and the reset may overtake the acknowledgements that we have just sent.
   */
  #part(reasonCode: number, limitMs = partingMs, endsSession = false): void {
    const { options } = this.#parts;
    const greeted = this.#greeted;
    this.#stop();
    if (!greeted) {
      this.#gone();
      return;
    }
    if (options.version === '5' || reasonCode === 0)
      this.write(disconnectPacket(options.version, reasonCode, endsSession));
    this.#transport.end();
    this.#transport.resume();
    this.#deadline = setTimeout(() => this.#gone(), limitMs);
  }

  #gone(): void {
    clearTimeout(this.#deadline);
    this.#transport.destroy();
    this.#parted?.();
  }

  #opened(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'connecting';
    this.write(connectPacket(this.#parts.options));
  }

  #closed(error: Error | undefined): void {
    if (this.#phase === 'ended') this.#gone();
    else this.fail(this.#lost(error));
  }

  #lost(cause: Error | undefined): MkbError {
    const { target, options } = this.#parts;
    return connectionFailure(target, this.#progress, options.version, cause);
  }

  get #progress(): Progress {
    return this.#phase === 'opening' || this.#phase === 'connecting' ? this.#phase : 'accepted';
  }

  /**
   * Until it is live there is a limit to each answer. It does not count while reading is held: the answer may be there, unread; nor while
   * none is due, because the server has put a subscription off.
   */
  #setDeadline(): void {
    const waitedMs = this.#parts.options.connectTimeoutMs;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      if (this.#held || this.#subscriber?.awaits === false) this.#setDeadline();
      else this.fail(new MkbError('mqtt-connect-timeout', { url: this.url, waitedMs }));
    }, waitedMs);
  }

  #silent(): void {
    this.fail(new MkbError('mqtt-keepalive-timeout', { url: this.url, waitedMs: this.#keepAlive.silenceMs }));
  }

  #data(chunk: Buffer): void {
    if (this.#phase === 'ended') return;
    this.#keepAlive.heard();
    const spoken = this.#phase === 'connecting' ? spokenBy(chunk) : undefined;
    if (spoken !== undefined && spoken !== 'MQTT') {
      this.fail(new MkbError('mqtt-not-spoken', { url: this.url, spoken }));
      return;
    }
    this.#parts.message.timestamp = this.#parts.now();
    this.#parts.reader.append(chunk);
    this.#read();
  }

  #read(): void {
    const events = this.#events;
    let messages = false;
    while (!this.#held && this.#phase !== 'ended') {
      const type = this.#next();
      if (type === 0) break;
      if (type !== packetType.publish) continue;
      messages = true;
      if (!events.publish()) this.hold();
    }
    events.readEnd(messages);
  }

  #proceed(): void {
    this.#goingOn = false;
    if (this.#held || this.#phase === 'ended') return;
    this.#read();
    if (this.#held || this.#phase === ('ended' as Phase)) return;
    this.#keepAlive.hold(false);
    this.#transport.resume();
  }

  /** The type of the next packet, or 0 when there is none. All but a PUBLISH is dealt with here. */
  #next(): number {
    try {
      const type = this.#parts.reader.next();
      if (type !== 0 && (type !== packetType.publish || this.#phase === 'connecting')) this.#control(type);
      return type;
    } catch (error) {
      if (!MkbError.is(error)) throw error;
      this.fail(error);
      return 0;
    }
  }

  #control(type: number): void {
    if (this.#phase === 'connecting') this.#connack();
    else if (type === packetType.pubrel) this.#events.pubrel(this.#parts.reader.pubrelId());
    else if (type === packetType.suback || type === packetType.unsuback) this.#answer(type);
    else if (type === packetType.disconnect && this.#parts.options.version === '5') this.#disconnect();
    else if (type === packetType.pingresp) this.#questions.answered();
    else if (acknowledgements.has(type) && this.#events.acknowledgement)
      this.#events.acknowledgement(type, this.#parts.reader.bytes());
    else throw violation(0x82, `it sent a packet of type ${type} out of turn`);
  }

  #connack(): void {
    const { options, reader } = this.#parts;
    if (options.version === '5') readOldConnack(reader.bytes());
    const packet = this.#decode();
    if (packet.cmd !== 'connack') throw violation(0x82, `it sent ${packet.cmd} before CONNACK`);
    const welcome = readConnack(packet, options);
    this.#keepAlive.start(welcome.keepAliveMs);
    this.#phase = 'subscribing';
    this.#subscriber = this.#subscriberFor(welcome.limits);
    const subscribes = this.#events.welcomed(welcome);
    if (this.#phase === ('ended' as Phase)) return;
    if (subscribes) this.#subscriber.subscribe(options.subscriptions);
    else this.#live([]);
  }

  #subscriberFor(limits: ServerLimits): Subscriber {
    return new Subscriber(this.#parts.options, limits, {
      write: bytes => this.write(bytes),
      answered: () => {
        if (this.#phase === 'subscribing') this.#setDeadline();
      },
      subscribed: grants => this.#live(grants),
      refused: error => this.fail(error),
      problem: error => this.#events.problem?.(error),
    });
  }

  #answer(type: number): void {
    const answer = readRequestAnswer(this.#parts.reader.bytes(), this.#parts.options.version);
    if (type === packetType.suback) this.#subscriber?.suback(answer);
    else this.#subscriber?.unsuback(answer);
  }

  #live(grants: readonly Grant[]): void {
    clearTimeout(this.#deadline);
    this.#phase = 'live';
    this.#events.established(grants);
  }

  #disconnect(): void {
    const packet = this.#decode();
    if (packet.cmd !== 'disconnect') return;
    if (packet.reasonCode === 0xa1) this.#events.withoutIdentifiers?.();
    throw reasonError(packet.reasonCode ?? 0, packet.properties?.reasonString, packet.properties?.serverReference);
  }

  #decode() {
    return decodeControl(this.#parts.reader.bytes(), this.#parts.options.version);
  }
}
