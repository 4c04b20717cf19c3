/**
 * An MQTT client that only publishes, and knows of each message whether the server has it.
 *
 * It is a client of its own beside the session that subscribes: acknowledgements of what we send must not queue behind messages that we
 * do not read for back-pressure. What is not acknowledged when a connection ends is sent again on the next one, before anything new and in
 * the order in which it was published, so nothing of QoS 1 is overtaken by what came after it.
 *
 * QoS 0 has no acknowledgement: see proofs.ts.
 *
 * QoS 2 does need a session (kept-session.ts), and outbox.ts has its states. A message counts as published with its PUBCOMP: some servers pass it
 * on at PUBREL only. A message that makes the server end the connection is found by suspicion.ts.
 */
import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { limitOver } from '../../../network/retry.ts';
import { Connection } from '../connection.ts';
import { Dialer } from '../dialer.ts';
import { packetType } from '../frames.ts';
import type { Welcome } from '../handshake.ts';
import type { MqttMessage } from '../message.ts';
import { stopwatch } from '../options.ts';
import { describe } from '../reasons.ts';
import { connectionParts } from './connection-parts.ts';
import { Encoder } from './encoder.ts';
import { Holds } from './holds.ts';
import { KeptSession } from './kept-session.ts';
import { LimitsPatience, waitsForLimits } from './limits-patience.ts';
import { type Letter, Outbox, waitsFor } from './outbox.ts';
import { exhausted, Overdue } from './overdue.ts';
import { Proofs } from './proofs.ts';
import type { Publication } from './publication.ts';
import { pubackPacket, pubrelPacket, readAcknowledgement, requireAnswer } from './publish-packet.ts';
import { reactionFor, reactionTo, reactionToEnd } from './publish-reasons.ts';
import type { PublisherHandler, PublisherOptions } from './publisher-options.ts';
import { Suspicion } from './suspicion.ts';

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
  /** Of the present connection, from CONNACK on. */
  #encoder: Encoder | undefined;
  readonly #session: KeptSession;
  #liveSince: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #pumping = false;
  readonly #overdue: Overdue<Token>;
  readonly #proofs = new Proofs<Token>(this.#outbox, letters => {
    this.#suspicion.cleared();
    for (const letter of letters) this.#arrived(letter, true);
    this.#readEnd();
  });
  readonly #suspicion = new Suspicion();
  readonly #patience: LimitsPatience;

  /** Throws `mqtt-url-invalid` or `tls-invalid`; connects to nothing before `start`. */
  constructor(options: PublisherOptions, handler: PublisherHandler<Token>) {
    const { random = Math.random, now = Date.now } = options;
    this.#options = options;
    this.#handler = handler;
    this.#holds = new Holds({ ...options.reconnect, random });
    this.#now = now;
    this.#elapsed = stopwatch(options);
    this.#overdue = new Overdue(
      {
        outbox: this.#outbox,
        handler,
        now,
        elapsed: this.#elapsed,
        connected: () => this.connected,
        held: letter => !this.#holds.admits(letter),
      },
      {
        expired: letter => this.#expire(letter),
        exhausted: (letter, error) => this.#fail(letter, error),
        settled: () => handler.settled(),
      },
    );
    this.#dialer = new Dialer(options);
    this.#patience = new LimitsPatience(options, this.#elapsed);
    this.#session = new KeptSession(options.sessionExpirySeconds > 0);
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

  /** Whether the present connection, or the next one, is of MQTT 5. */
  get speaks5(): boolean {
    return this.#dialer.version === '5';
  }

  /** Messages without an outcome. */
  get load(): number {
    return this.#outbox.size;
  }

  /** What a message that `which` names waits for, in words that follow "it waits for"; undefined if there is none. */
  waiting(which: (token: Token) => boolean): string | undefined {
    const letter = this.#outbox.find(which);
    return letter && waitsFor(letter, this.load, this.connected);
  }

  /** What becomes of the message is said later. */
  publish(publication: Publication, token: Token): void {
    const lane = this.#handler.laneOf?.(token);
    this.#overdue.watch(this.#outbox.add(publication, token, lane, this.#now(), this.#elapsed()));
    this.#pumpSoon();
  }

  /** Nobody wants the messages that `which` names any more: none is sent, or sent again. Each is `dropped` in the end. */
  forget(which: (token: Token) => boolean): void {
    this.#outbox.forget(which);
    for (const letter of this.#holds.letters()) if (letter.forgotten) this.#free(letter);
    this.#pumpSoon();
  }

  /** Sends nothing more, says DISCONNECT and closes, at the latest after `limitMs` or `connectTimeoutMs`. */
  async close(limitMs?: number): Promise<void> {
    const connection = this.#connection;
    this.#state = 'stopped';
    clearTimeout(this.#retry);
    this.#overdue.stop();
    this.#holds.stop();
    this.#connection = undefined;
    this.#liveSince = undefined;
    await connection?.close(limitMs);
  }

  async #connect(): Promise<void> {
    if (this.#state !== 'running') return;
    const call = await this.#dialer.next().catch(asMkbError);
    if (this.#state !== 'running') return;
    if (MkbError.is(call)) {
      this.#ended(call);
      return;
    }
    const url = String(call.target.url);
    const { answerTopic } = this.#options;
    const parts = connectionParts(call, { cleanStart: this.#session.isNew(url), answerTopic, now: this.#now });
    const connection: Connection = new Connection(parts, {
      welcomed: welcome => this.#welcomed(welcome, connection.url),
      established: () => {
        if (this.#session.begun(url, call.options.version)) this.#again(connection);
        else this.#established(connection.url);
      },
      publish: () => this.#answer(connection, parts.message),
      pubrel: () => undefined,
      acknowledgement: (type, packet) => this.#acknowledgement(type, packet),
      readEnd: () => this.#readEnd(),
      ended: error => this.#ended(error),
    });
    this.#connection = connection;
  }

  /** CONNACK. A session that is there is subscribed. */
  #welcomed({ limits, sessionPresent }: Welcome, url: string): boolean {
    this.#encoder = new Encoder(this.#dialer.version, url, limits);
    if (this.#patience.welcomed(limits)) this.#holds.retry();
    const lowered = this.#dialer.accepted();
    if (lowered) this.#handler.problem(lowered);
    if (sessionPresent) this.#outbox.resumed();
    else {
      const messages = this.#outbox.sessionLost();
      if (messages > 0) this.#handler.problem(new MkbError('mqtt-publisher-session-lost', { messages }));
    }
    return this.#options.answerTopic !== undefined && this.speaks5 && !sessionPresent;
  }

  #answer(connection: Connection, message: MqttMessage): true {
    // What is decoded of a message is kept by its arrival.
    message.arrival++;
    this.#handler.answer?.(message);
    if (message.qos === 1) connection.write(pubackPacket(message.packetId));
    return true;
  }

  /** Once more, to take up the session at once. */
  #again(connection: Connection): void {
    this.#connection = undefined;
    void connection.close(this.#options.connectTimeoutMs).then(() => this.#connect());
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
    const encoder = this.#encoder;
    if (!this.connected || connection === undefined || encoder === undefined) return;
    const packets = this.#outbox.takeDue().map(pubrelPacket);
    const window = this.#suspicion.one ? 1 : Math.min(this.#options.window, encoder.receiveMaximum);
    let settled = false;
    for (;;) {
      const letter = this.#outbox.next(window, this.#holds.none ? undefined : this.#admits);
      if (letter === undefined) break;
      const packet = this.#encode(letter, encoder);
      if (packet === undefined) settled = true;
      else packets.push(packet);
    }
    if (packets.length > 0) connection.write(packets.length === 1 ? packets[0]! : Buffer.concat(packets));
    if (settled) this.#handler.settled();
    void this.#proofs.begin(connection);
  }

  /** The packet of a letter, which is under way now; undefined if it has an outcome instead. */
  #encode(letter: Letter<Token>, encoder: Encoder): Buffer | undefined {
    const { publication, countdown } = letter;
    const { version } = encoder;
    const expirySeconds = countdown?.secondsLeft(this.#now(), this.#elapsed());
    if (expirySeconds === 0) {
      this.#expire(letter);
      return undefined;
    }
    // What the server's session knows stays what it is.
    if (letter.packetId === 0) letter.qos = encoder.qosOf(publication);
    const { qos } = letter;
    const sending = { version, expirySeconds, qos, dup: letter.times > 0 };
    const problem = encoder.problem(publication, { ...sending, packetId: 0 });
    if (problem !== undefined) {
      this.#misfit(letter, problem);
      return undefined;
    }
    for (const less of encoder.omitted(publication, qos)) this.#handler.problem(less);
    letter.times++;
    return encoder.packet(publication, { ...sending, packetId: this.#outbox.post(letter) });
  }

  // --- what became of it

  #acknowledgement(type: number, packet: Buffer): void {
    const { packetId, reasonCode } = readAcknowledgement(packet);
    requireAnswer(type, this.#outbox.posted(packetId)?.qos);
    this.#suspicion.cleared();
    if (type === packetType.pubrec && reasonCode < 0x80)
      this.#outbox.received(packetId, reactionTo(reasonCode) === 'unheard');
    else if (type === packetType.pubcomp) this.#answered(this.#outbox.completed(packetId), reasonCode, reactionToEnd);
    else this.#answered(this.#outbox.acknowledged(packetId), reasonCode, reactionFor);
  }

  /** A PUBACK, which servers without QoS 2 answer with as well (RabbitMQ), a PUBREC that refuses, or a PUBCOMP. */
  #answered(letter: Letter<Token> | undefined, reasonCode: number, reactionIn: typeof reactionFor): void {
    if (letter === undefined) return;
    const reaction = reactionIn(letter, reasonCode);
    if (reaction === 'refused') this.#refuse(letter, describe(reasonCode));
    else if (letter.overtook) this.#outbox.putBack([letter]);
    else if (reaction === 'later') this.#later(letter, describe(reasonCode));
    else this.#arrived(letter, reaction === 'there');
  }

  #readEnd(): void {
    this.#handler.settled();
    this.#pump();
  }

  #arrived(letter: Letter<Token>, heard: boolean): void {
    this.#free(letter);
    this.#handler.published(letter.token, heard);
  }

  /** Its lane waits for it no more. */
  #free(letter: Letter<Token>): void {
    if (this.#holds.none) return;
    this.#holds.free(letter);
    this.#pumpSoon();
  }

  #later(letter: Letter<Token>, reason: string): void {
    letter.refusals++;
    letter.reason = reason;
    const retry = this.#handler.retryOf?.(letter.token);
    const limit = retry && limitOver(retry, 0, letter.refusals);
    if (limit !== undefined) {
      this.#fail(letter, exhausted(letter, limit));
      return;
    }
    this.#outbox.putBack([letter]);
    this.#outbox.overtaken(letter);
    this.#handler.problem(new MkbError('mqtt-publish-put-off', { topic: letter.publication.topic, reason }));
    this.#holds.hold(letter, () => this.#pump(), this.#holds.pauseAfter(letter, retry?.backoff));
  }

  /** It does not fit this server's limits. While these may change soon its lane waits. */
  #misfit(letter: Letter<Token>, problem: MkbError): void {
    letter.misfitSince ??= this.#elapsed();
    const leftMs = this.#patience.left(letter.misfitSince);
    if (leftMs <= 0) {
      this.#fail(letter, problem);
      return;
    }
    this.#outbox.putBack([letter]);
    letter.reason = problem.message;
    this.#handler.problem(waitsForLimits(problem, leftMs));
    this.#holds.hold(letter, () => this.#pump(), leftMs);
  }

  #refuse(letter: Letter<Token>, reason: string): void {
    this.#fail(letter, new MkbError('mqtt-publish-refused', { topic: letter.publication.topic, reason }));
  }

  #fail(letter: Letter<Token>, error: MkbError): void {
    this.#letGo(letter, token => this.#handler.failed(token, error));
  }

  #expire(letter: Letter<Token>): void {
    this.#letGo(letter, token => this.#handler.expired(token));
  }

  #letGo(letter: Letter<Token>, report: (token: Token) => void): void {
    this.#outbox.remove(letter);
    this.#free(letter);
    // A PUBREL may be due.
    this.#pumpSoon();
    if (letter.forgotten) this.#handler.dropped(letter.token);
    else report(letter.token);
  }

  #ended(error: MkbError): void {
    const livedMs = this.#liveSince === undefined ? undefined : this.#elapsed() - this.#liveSince;
    this.#connection = undefined;
    this.#liveSince = undefined;
    this.#proofs.lost();
    const first = this.#outbox.disconnected();
    if (first !== undefined || (livedMs !== undefined && this.#outbox.releases)) this.#suspect(first, error);
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

  /** The connection ended while something was under way, `first` the oldest message of it that has no PUBREC. */
  #suspect(first: Letter<Token> | undefined, error: MkbError): void {
    const { guilty, takesOthers } = this.#suspicion.ended(error);
    if (!guilty) return;
    if (takesOthers) this.#dialer.explained();
    if (first !== undefined) this.#refuse(first, `each time that it was sent the connection ended (${error.message})`);
    // It is the session that makes the server end the connection.
    else this.#session.forget();
  }
}
