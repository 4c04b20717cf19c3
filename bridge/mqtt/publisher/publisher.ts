/**
 * An MQTT client that only publishes, and knows of each message whether the server has it.
 *
 * It is a client of its own beside the session that subscribes: acknowledgements of what we send must not queue behind messages that we
 * do not read for back-pressure. It keeps no session at the server. What is not acknowledged when a connection ends is sent again on the
 * next one, before anything new and in the order in which it was published, so nothing of QoS 1 is overtaken by what came after it.
 * As many messages are under way as the server allows (its Receive Maximum), and no more than `window`.
 *
 * QoS 0 has no acknowledgement, but the server reads packets in order: a PINGRESP proves that it has read everything before the PINGREQ.
 * So a message of QoS 0 is settled by the next PINGRESP, and the socket cannot fill up without end.
 *
 * The surprising case is a message that makes the server end the connection: MQTT 3.1.1 has no other way to refuse one. Sent
 * again for ever, it would stall all that follow. After `suspiciousEnds` connections in a row that ended without acknowledging
 * anything, messages go one at a time; the one that this happens to as often again is refused. If the server took others, that
 * message was the reason, and the next attempt comes as soon as after a first loss; otherwise it may be the server, and pauses go on growing.
 */

import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { Connection } from '../connection.ts';
import { Dialer } from '../dialer.ts';
import { FrameReader } from '../frames.ts';
import type { ServerLimits } from '../handshake.ts';
import { MqttMessage } from '../message.ts';
import { type SessionOptions, stopwatch } from '../options.ts';
import { describe } from '../reasons.ts';
import { Holds } from './holds.ts';
import { type Letter, Outbox } from './outbox.ts';
import type { Publication } from './publication.ts';
import { publishPacket, readPuback } from './publish-packet.ts';
import { reactionTo, unclearAttempts } from './publish-reasons.ts';

export interface PublisherOptions extends SessionOptions {
  /** Messages that may be under way at once, if the server allows as many. */
  readonly window: number;
}

export interface PublisherHandler<Token> {
  /** The lane of a message: messages of one lane keep their order where the server refuses one for now. Without it all are one lane. */
  laneOf?(token: Token): unknown;
  /** The server has the message. `heard` is false if it says that nobody subscribes to the topic (MQTT 5). */
  published(token: Token, heard: boolean): void;
  /** The server never will take it. */
  failed(token: Token, error: MkbError): void;
  /** It was forgotten, and is under way no more. */
  dropped(token: Token): void;
  /** All outcomes of one read, or of one look at what waits, have been told. */
  settled(): void;
  connected(url: string): void;
  /** A connection was lost, or could not be made. It is tried again, even for a permanent error if `persistent` is set. */
  disconnected(error: MkbError): void;
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** The publisher has stopped: a person has to change something. */
  stopped(error: MkbError): void;
}

const suspiciousEnds = 3;

/** Ends of a connection that say nothing about what was sent on it: the server stops, is busy, or has had enough of the connection. */
const innocent: ReadonlySet<string> = new Set(['mqtt-keepalive-timeout', 'mqtt-server-busy', 'mqtt-server-moved']);

export class Publisher<Token> {
  readonly #options: PublisherOptions;
  readonly #handler: PublisherHandler<Token>;
  readonly #dialer: Dialer;
  readonly #now: () => number;
  readonly #elapsed: () => number;
  readonly #outbox = new Outbox<Token>(token => this.#handler.dropped(token));
  readonly #holds: Holds<Token>;
  readonly #admits = (letter: Letter<Token>): boolean => this.#holds.admits(letter);
  #state: 'new' | 'running' | 'stopped' = 'new';
  #connection: Connection | undefined;
  #limits: ServerLimits | undefined;
  #liveSince: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #pumping = false;
  #proving = false;
  /** Connections in a row that ended with messages under way and acknowledged none. */
  #fruitless = 0;
  /** Whether the server has taken a message since one was refused for the connections that it ended. */
  #takesOthers = false;

  /** Throws `mqtt-url-invalid` or `tls-invalid`; connects to nothing before `start`. */
  constructor(options: PublisherOptions, handler: PublisherHandler<Token>) {
    const { random = Math.random, now = Date.now } = options;
    this.#options = options;
    this.#handler = handler;
    this.#holds = new Holds({ ...options.reconnect, random });
    this.#now = now;
    this.#elapsed = stopwatch(options);
    this.#dialer = new Dialer(options);
  }

  /** Connects, and stays connected until `close` or a permanent failure. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    void this.#connect();
  }

  get connected(): boolean {
    return this.#liveSince !== undefined;
  }

  /** Messages that are settled neither way. */
  get load(): number {
    return this.#outbox.size;
  }

  /** What a message that `which` names waits for, in words that follow "it waits for"; undefined if there is none. */
  waiting(which: (token: Token) => boolean): string | undefined {
    const letter = this.#outbox.find(which);
    if (letter === undefined) return undefined;
    if (!this.connected) return 'the publisher, which is not connected to MQTT';
    const { refusals, times, publication } = letter;
    if (refusals > 0) return `the MQTT broker, which has put off a message to ${publication.topic} ${refusals} times`;
    if (times > 0) return `the MQTT broker to acknowledge a message to ${publication.topic}`;
    return `the MQTT broker to acknowledge others of the ${this.load} messages that are on their way to it`;
  }

  /** Takes a message; what becomes of it is told later, never during this call. */
  publish(publication: Publication, token: Token): void {
    this.#outbox.add(publication, token, this.#handler.laneOf?.(token));
    this.#pumpSoon();
  }

  /** Nobody wants the messages that `which` names any more: none is sent if it was not yet, or sent again. Each is `dropped` in the end. */
  forget(which: (token: Token) => boolean): void {
    this.#outbox.forget(which);
    for (const letter of this.#holds.letters()) if (letter.forgotten) this.#free(letter);
  }

  /** Sends nothing more, says DISCONNECT and closes, at the latest after `limitMs` or `connectTimeoutMs`. */
  async close(limitMs?: number): Promise<void> {
    const connection = this.#connection;
    this.#state = 'stopped';
    clearTimeout(this.#retry);
    this.#holds.stop();
    this.#connection = undefined;
    this.#liveSince = undefined;
    await connection?.close(limitMs);
  }

  async #connect(): Promise<void> {
    const call = await this.#dialer.next().catch(asMkbError);
    if (this.#state !== 'running') return;
    if (MkbError.is(call)) {
      this.#ended(call);
      return;
    }
    const { version, maximumPacketSize } = call.options;
    const message = new MqttMessage('00000000');
    const reader = new FrameReader(message, version, maximumPacketSize);
    const connection: Connection = new Connection(
      { ...call, reader, message, now: this.#now },
      {
        welcomed: ({ limits }) => {
          this.#limits = limits;
          const lowered = this.#dialer.accepted();
          if (lowered) this.#handler.problem(lowered);
          return false;
        },
        established: () => this.#established(connection.url),
        publish: () => true,
        pubrel: () => undefined,
        puback: packet => this.#acknowledged(packet),
        readEnd: () => this.#readEnd(),
        ended: error => this.#ended(error),
      },
    );
    this.#connection = connection;
  }

  #established(url: string): void {
    this.#dialer.live();
    this.#liveSince = this.#elapsed();
    this.#handler.connected(url);
    this.#pump();
  }

  // --- out

  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Sends what waits, as far as the server's limits go. */
  #pump(): void {
    const connection = this.#connection;
    const limits = this.#limits;
    if (!this.connected || connection === undefined || limits === undefined) return;
    const packets: Buffer[] = [];
    let failed = false;
    for (;;) {
      const letter = this.#outbox.next(this.#window(limits), this.#holds.none ? undefined : this.#admits);
      if (letter === undefined) break;
      const packet = this.#encode(letter, limits);
      if (packet === undefined) failed = true;
      else packets.push(packet);
    }
    if (packets.length > 0) connection.write(packets.length === 1 ? packets[0]! : Buffer.concat(packets));
    if (failed) this.#handler.settled();
    void this.#prove(connection);
  }

  #window(limits: ServerLimits): number {
    return this.#fruitless >= suspiciousEnds ? 1 : Math.min(this.#options.window, limits.receiveMaximum);
  }

  /** The packet of a letter, which is under way now; undefined if the server takes no such packet, and so the letter failed. */
  #encode(letter: Letter<Token>, limits: ServerLimits): Buffer | undefined {
    const { publication } = letter;
    const { topic, qos, retain } = publication;
    if (qos > limits.maximumQos) return this.#refuse(letter, describe(0x9b));
    if (retain && !limits.retainAvailable) return this.#refuse(letter, describe(0x9a));
    const packetId = this.#outbox.post(letter);
    const packet = publishPacket(publication, this.#dialer.version, packetId, letter.times++ > 0);
    const limit = limits.maximumPacketSize;
    if (packet.length <= limit) return packet;
    this.#fail(letter, new MkbError('mqtt-publish-too-large', { topic, bytes: packet.length, limit }));
    return undefined;
  }

  /** Settles what is of QoS 0 when the server has shown that it read it. */
  async #prove(connection: Connection): Promise<void> {
    while (!this.#proving && this.#outbox.unproved > 0) {
      const count = this.#outbox.unproved;
      this.#proving = true;
      const read = await connection.ping();
      if (connection !== this.#connection) return;
      this.#proving = false;
      if (!read) return;
      this.#showsItWorks();
      for (const { token } of this.#outbox.proved(count)) this.#handler.published(token, true);
      this.#readEnd();
    }
  }

  // --- what became of it

  #acknowledged(packet: Buffer): void {
    const { packetId, reasonCode } = readPuback(packet);
    const letter = this.#outbox.acknowledged(packetId);
    this.#showsItWorks();
    if (letter === undefined) return;
    const reaction = reactionTo(reasonCode);
    if (letter.overtook && reaction !== 'refused') this.#outbox.putBack([letter]);
    else if (reaction === 'there' || reaction === 'unheard') this.#arrived(letter, reaction === 'there');
    else if (reaction === 'refused' || (reaction === 'unclear' && ++letter.unclear >= unclearAttempts))
      this.#refuse(letter, describe(reasonCode));
    else this.#later(letter, describe(reasonCode));
  }

  #showsItWorks(): void {
    this.#fruitless = 0;
    this.#takesOthers = true;
  }

  #readEnd(): void {
    this.#handler.settled();
    this.#pump();
  }

  #arrived(letter: Letter<Token>, heard: boolean): void {
    this.#free(letter);
    this.#handler.published(letter.token, heard);
  }

  /** Its lane need not wait for it any more. */
  #free(letter: Letter<Token>): void {
    if (this.#holds.none) return;
    this.#holds.free(letter);
    this.#pumpSoon();
  }

  #later(letter: Letter<Token>, reason: string): void {
    letter.refusals++;
    this.#outbox.putBack([letter]);
    this.#outbox.overtaken(letter);
    this.#handler.problem(new MkbError('mqtt-publish-put-off', { topic: letter.publication.topic, reason }));
    this.#holds.hold(letter, () => this.#pump());
  }

  #refuse(letter: Letter<Token>, reason: string): undefined {
    this.#fail(letter, new MkbError('mqtt-publish-refused', { topic: letter.publication.topic, reason }));
  }

  #fail(letter: Letter<Token>, error: MkbError): void {
    this.#outbox.remove(letter);
    this.#free(letter);
    if (letter.forgotten) this.#handler.dropped(letter.token);
    else this.#handler.failed(letter.token, error);
  }

  #ended(error: MkbError): void {
    const livedMs = this.#liveSince === undefined ? undefined : this.#elapsed() - this.#liveSince;
    this.#connection = undefined;
    this.#liveSince = undefined;
    this.#proving = false;
    const first = this.#outbox.disconnected();
    if (first !== undefined && !innocent.has(error.code)) this.#suspect(first, error);
    // What was forgotten while it was under way is dropped now.
    this.#handler.settled();
    const { error: judged, pauseMs, quiet } = this.#dialer.ended(error, livedMs);
    if (judged.kind === 'permanent' && !quiet && !this.#options.persistent) {
      this.#state = 'stopped';
      this.#handler.stopped(judged);
      return;
    }
    this.#retry = setTimeout(() => void this.#connect(), pauseMs);
    if (!quiet) this.#handler.disconnected(judged);
  }

  /** The connection ended while messages were under way, of which `first` is the oldest. */
  #suspect(first: Letter<Token>, { message }: MkbError): void {
    this.#fruitless++;
    if (this.#fruitless < 2 * suspiciousEnds) return;
    this.#fruitless = suspiciousEnds;
    if (this.#takesOthers) this.#dialer.explained();
    this.#takesOthers = false;
    this.#refuse(first, `each time that it was sent the connection ended (${message})`);
  }
}
