/**
 * One network connection of a session: from the first attempt to reach the server to the end, whichever side made it.
 *
 * CONNECT, CONNACK, SUBSCRIBE if the session wants it, SUBACK; then it is live. It reads packets and hands them to the session, holds the
 * socket when told to, keeps the connection alive, and says once how it ended. What outlives it (window, receipts, the decision
 * to come back) is the session's.
 */
import { MkbError } from '../../api/errors.ts';
import {
  connectPacket,
  decodeControl,
  disconnectPacket,
  pingreq,
  subscribePacket,
  unsubscribePacket,
} from './control-packets.ts';
import { type FrameReader, packetType } from './frames.ts';
import { type Grant, readConnack, readSuback, readUnsuback, type Welcome } from './handshake.ts';
import { KeepAlive } from './keep-alive.ts';
import type { MqttMessage } from './message.ts';
import { openTransport } from './open-transport.ts';
import type { SessionOptions } from './options.ts';
import { Questions } from './questions.ts';
import { reasonError } from './reasons.ts';
import { isUntrusted } from './tls.ts';
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
  /** A PUBACK came: the whole packet, valid during the call. Whoever publishes nothing leaves it out, and it is a violation. */
  puback?(packet: Buffer): void;
  /** What one read gave is handed over, or the connection holds. `messages` says whether there was a PUBLISH. */
  readEnd(messages: boolean): void;
  /** Once, and the last thing that is called (`readEnd` of the same read excepted). Not called after `close` or `abandon`. */
  ended(error: MkbError): void;
}

export interface ConnectionParts {
  readonly target: Target;
  readonly options: SessionOptions;
  readonly reader: FrameReader;
  readonly message: MqttMessage;
  readonly now: () => number;
}

type Phase = 'opening' | 'connecting' | 'subscribing' | 'live' | 'ended';

/** How long an ended connection may take to tell the server why. */
const partingMs = 1000;

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #events: ConnectionEvents;
  readonly #transport: Transport;
  readonly #keepAlive: KeepAlive;
  readonly #questions = new Questions();
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

  get url(): string {
    return this.#parts.target.url.href;
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
    return this.#ask(packetType.pingresp, pingreq);
  }

  /** UNSUBSCRIBE. Fulfilled with whether UNSUBACK came before the connection ended. Ask again only after that. */
  unsubscribe(filters: readonly string[]): Promise<boolean> {
    return this.#ask(packetType.unsuback, unsubscribePacket(this.#parts.options.version, filters));
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

  /** Ends the connection because of `error`; MQTT 5 tells the server why if it broke the protocol. */
  fail(error: MkbError): void {
    if (this.#phase === 'ended') return;
    if (MkbError.is(error, 'mqtt-protocol-error')) this.#part(error.details.reasonCode);
    else if (error.code === 'mqtt-packet-too-large') this.#part(0x95);
    else if (error.code === 'mqtt-subscription-refused' || error.code === 'mqtt-unsubscription-refused')
      this.#part(0x00);
    else this.abandon();
    this.#events.ended(error);
  }

  /** Sends DISCONNECT, which keeps the session, and closes when all is sent; at the latest after `connectTimeoutMs`. */
  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#phase === 'ended') resolve();
    else {
      this.#parted = resolve;
      this.#part(0x00, this.#parts.options.connectTimeoutMs);
    }
    return promise;
  }

  /** Closes at once and says nothing to the server. */
  abandon(): void {
    this.#stop();
    this.#gone();
  }

  async #ask(answer: number, question: Buffer): Promise<boolean> {
    if (!this.#greeted) return false;
    this.write(question);
    return await this.#questions.asked(answer);
  }

  #stop(): void {
    this.#phase = 'ended';
    this.#keepAlive.stop();
    this.#questions.end();
    clearTimeout(this.#deadline);
  }

  /**
   * Says DISCONNECT and waits for the server to close. What still comes is read and thrown away: closing a socket with unread bytes
   * resets it, and the reset may overtake the acknowledgements that we have just sent.
   */
  #part(reasonCode: number, limitMs = partingMs): void {
    const { options } = this.#parts;
    const greeted = this.#greeted;
    this.#stop();
    if (!greeted) {
      this.#gone();
      return;
    }
    if (options.version === '5' || reasonCode === 0) this.write(disconnectPacket(options.version, reasonCode));
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
    const url = this.url;
    const when = this.#phase === 'connecting' ? ' before it accepted the connection' : '';
    // An AggregateError of several addresses has a code, but no message.
    const reason =
      cause?.message || (cause as NodeJS.ErrnoException | undefined)?.code || `the server closed it${when}`;
    if (cause && isUntrusted(cause)) return new MkbError('mqtt-tls-untrusted', { url, reason }, { cause });
    const code = this.#phase === 'opening' ? 'mqtt-connect-failed' : 'mqtt-connection-lost';
    return new MkbError(code, { url, reason }, { cause });
  }

  /** Until it is live there is a limit. It does not count while reading is held: the answer may be there, unread. */
  #setDeadline(): void {
    const waitedMs = this.#parts.options.connectTimeoutMs;
    this.#deadline = setTimeout(() => {
      if (this.#held) this.#setDeadline();
      else this.fail(new MkbError('mqtt-connect-timeout', { url: this.url, waitedMs }));
    }, waitedMs);
  }

  #silent(): void {
    this.fail(new MkbError('mqtt-keepalive-timeout', { url: this.url, waitedMs: this.#keepAlive.silenceMs }));
  }

  #data(chunk: Buffer): void {
    if (this.#phase === 'ended') return;
    this.#keepAlive.heard();
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
    else if (type === packetType.suback && this.#phase === 'subscribing') this.#suback();
    else if (type === packetType.disconnect && this.#parts.options.version === '5') this.#disconnect();
    else if (type === packetType.pingresp) this.#questions.answered(type);
    else if (type === packetType.unsuback && this.#questions.awaits(type)) this.#unsuback();
    else if (type === packetType.puback && this.#events.puback) this.#events.puback(this.#parts.reader.bytes());
    else throw violation(0x82, `it sent a packet of type ${type} out of turn`);
  }

  #connack(): void {
    const { options } = this.#parts;
    const packet = this.#decode();
    if (packet.cmd !== 'connack') throw violation(0x82, `it sent ${packet.cmd} before CONNACK`);
    const welcome = readConnack(packet, options);
    this.#keepAlive.start(welcome.keepAliveMs);
    this.#phase = 'subscribing';
    if (!this.#events.welcomed(welcome)) this.#live([]);
    else if (options.subscriptions.length === 0) this.#live([]);
    else this.write(subscribePacket(options.version, options.subscriptions));
  }

  #suback(): void {
    const packet = this.#decode();
    if (packet.cmd === 'suback') this.#live(readSuback(packet, this.#parts.options.subscriptions));
  }

  #unsuback(): void {
    const packet = this.#decode();
    if (packet.cmd === 'unsuback') readUnsuback(packet);
    this.#questions.answered(packetType.unsuback);
  }

  #live(grants: readonly Grant[]): void {
    clearTimeout(this.#deadline);
    this.#phase = 'live';
    this.#events.established(grants);
  }

  #disconnect(): void {
    const packet = this.#decode();
    if (packet.cmd !== 'disconnect') return;
    throw reasonError(packet.reasonCode ?? 0, packet.properties?.reasonString, packet.properties?.serverReference);
  }

  #decode() {
    return decodeControl(this.#parts.reader.bytes(), this.#parts.options.version);
  }
}
