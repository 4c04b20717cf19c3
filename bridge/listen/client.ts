/**
 * One client: from the connection to its end, by the packets that it sends.
 *
 * A packet is dealt with when its turn comes: a PUBLISH waits while the pipeline has no room, while the client has as many messages in flight as it may,
 * and while its rate is used up. Then the socket is left alone and what was read waits where it lies, which is all the back-pressure there is.
 * Pings are answered meanwhile, unless they lie behind a PUBLISH that waits.
 *
 * Acknowledgements leave in the order of the messages, when these are settled (mqtt/acknowledgements.ts). What the client subscribes to, and what
 * it gets, is in subscriber.ts.
 */
import { MkbError } from '../../api/errors.ts';
import { FrameReader, packetType } from '../mqtt/frames.ts';
import { violation } from '../mqtt/violation.ts';
import { Allowance } from './allowance.ts';
import { readAnswer } from './answer-packet.ts';
import { disconnect, pingresp } from './answers.ts';
import type { ClientHost } from './client-host.ts';
import type { Will } from './connect-packet.ts';
import { type Goodbye, readDisconnect } from './disconnect-packet.ts';
import type { Admission } from './granted.ts';
import { PublishRules } from './publish-rules.ts';
import { Received } from './received.ts';
import type { Session } from './sessions.ts';
import { Subscriber } from './subscriber.ts';
import type { ClientEvents, ClientTransport } from './transports.ts';
import type { Testament } from './wills.ts';

/** Before CONNECT nothing larger is read. */
const largestConnect = 256 * 1024;
type State = 'new' | 'asking' | 'live' | 'ended';

export class Client implements ClientEvents {
  readonly transport: ClientTransport;
  /** Undefined until it is let in. */
  admission: Admission | undefined;
  /** What it has published: that of its session, once it is let in. */
  received: Received;
  /** Undefined until it is let in. */
  session: Session | undefined;
  /** What it wants published when it is lost. */
  will: Will | undefined;
  /** When it connected; when something was read last; and when the packet began that is not complete: 0 if none is. Ticks. */
  readonly since: number;
  heardAt: number;
  startedAt = 0;
  /** Bytes that it holds of packets, as the host knows. */
  heldBytes = 0;
  /** Whether some of its messages were settled since it was asked to acknowledge. */
  touched = false;
  /** Whether no more messages are taken of it: see parting.ts. */
  leaving = false;
  readonly #host: ClientHost<Client>;
  readonly #reader: FrameReader;
  #state: State = 'new';
  #isNew = false;
  #reading = true;
  #unreadBytes = 0;
  /** What it holds as long as it is connected: its names and its will. Before it is let in, its CONNECT. */
  #ownBytes = 0;
  #mostUnacknowledged = 0;
  readonly #allowance: Allowance;
  #subscriber: Subscriber | undefined;

  constructor(number: number, transport: ClientTransport, host: ClientHost<Client>) {
    this.received = new Received(number, host.settings.receiveMaximum);
    this.transport = transport;
    this.#host = host;
    this.since = host.tick;
    this.heardAt = host.tick;
    this.#reader = new FrameReader(host.message, '3.1.1', largestConnect, host.topics);
    this.#allowance = new Allowance(host.settings);
  }

  /** Of its session, or its own before it is let in. */
  get number(): number {
    return this.received.number;
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  /** Whether it waits to be let in. */
  get asking(): boolean {
    return this.#state === 'asking';
  }

  get over(): boolean {
    return this.#state === 'ended';
  }

  /** Messages that are on their way, also after the end. */
  get unsettled(): number {
    return this.received.window.unsettled;
  }

  /** Whether it can probably send no more before something is acknowledged: it never had more unacknowledged. */
  get starved(): boolean {
    const { unacknowledged } = this.received.window;
    return unacknowledged > 0 && unacknowledged >= this.#mostUnacknowledged;
  }

  /** Whether its silence proves nothing: what it sends is not read. */
  get unread(): boolean {
    return !this.#reading;
  }

  /** For messages. */
  get name(): string {
    return this.admission?.publisher.clientid?.slice(0, 100) ?? `${this.transport.address}:${this.transport.port}`;
  }

  // --- from the host

  /** Is let in. It must be `asking`. */
  welcome(admission: Admission, session: Session, answer: Buffer): void {
    const { connect } = admission;
    this.admission = admission;
    this.session = session;
    this.will = connect.will;
    this.#ownBytes = (this.will?.packet.length ?? 0) + connect.clientId.length + (connect.username?.length ?? 0);
    this.#isNew = connect.version === '5';
    const { maximumPacketSize } = this.#host.settings;
    this.#reader.turnTo(connect.version, maximumPacketSize, new PublishRules(this.#host.topics));
    this.#state = 'live';
    this.transport.write(answer);
    this.#subscriber = new Subscriber(session, admission, this.transport, this.#host.subscribing);
    this.proceed();
  }

  /** Ends the connection before it was let in. */
  refuse(answer: Buffer | undefined): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    if (answer !== undefined) this.transport.write(answer);
    this.#part();
  }

  /** The message is safe, or dropped permanently. @param arrival modulo 2^24 */
  settle(arrival: number): void {
    const { head } = this.received.window;
    this.received.window.settle(head + ((arrival - head) & 0xffffff));
  }

  /** Sends what may be acknowledged. */
  acknowledge(): void {
    this.touched = false;
    // Its session may have another connection by now.
    if (this.#state === 'ended') return;
    const due = this.received.window.release(this.#isNew);
    if (due !== undefined) this.transport.write(due);
    this.proceed();
  }

  /** Is read no further until `proceed`. */
  rest(): void {
    if (this.#state !== 'live' || !this.#reading) return;
    this.#reading = false;
    this.transport.pause();
  }

  /** What it leaves behind when it is lost. */
  get testament(): Testament | undefined {
    const { will, session, admission } = this;
    if (will === undefined || session === undefined || admission === undefined) return undefined;
    return { will, session, publisher: admission.publisher, version: admission.connect.version };
  }

  /** A second has passed: it may send again, if it may send only so much a second. */
  refill(): void {
    if (this.#allowance.refill(this.#host.settings)) this.proceed();
  }

  /** Goes on with what was read, if nothing is in the way. */
  proceed(): void {
    if (this.#state === 'ended' || this.#reading) return;
    this.#work();
    if (this.#reading) this.transport.resume();
  }

  /** Ends the connection. MQTT 5 says why. */
  end(reasonCode: number, reason: string): void {
    if (this.#state === 'ended') return;
    const said = this.#state === 'live';
    this.#state = 'ended';
    this.received.disconnect();
    if (said && this.#isNew && reasonCode > 0) this.#say(this.#goodbye(reasonCode, reason), reasonCode);
    this.#part();
    this.#host.ended(this, reasonCode, reason);
  }

  // --- from the transport

  data(chunk: Buffer): void {
    if (this.#state === 'ended') return;
    this.heardAt = this.#host.tick;
    this.#unreadBytes += chunk.length;
    this.#reader.append(chunk);
    if (this.#reading) this.#work();
    else this.#account();
  }

  drained(): void {
    this.session?.outbox.pump();
    this.proceed();
  }

  closed(): void {
    if (this.#state !== 'ended') {
      this.#state = 'ended';
      this.received.disconnect();
      this.#release();
      this.#host.ended(this, -1, 'the connection was lost');
    }
    this.#host.gone(this);
  }

  #work(): void {
    // The answers to 32,000 PINGREQs of one read were as many calls of the system, and held everybody up.
    this.transport.cork();
    try {
      this.#takePackets();
    } catch (error) {
      if (!MkbError.is(error)) throw error;
      this.end(MkbError.is(error, 'mqtt-protocol-error') ? error.details.reasonCode : 0x83, reasonOf(error));
    } finally {
      this.transport.uncork();
    }
    if (this.#state === ('ended' as State)) return;
    this.#mostUnacknowledged = Math.max(this.#mostUnacknowledged, this.received.window.unacknowledged);
    this.#account();
  }

  #takePackets(): void {
    this.#host.message.timestamp = Date.now();
    for (;;) {
      if (this.#state === 'ended') return;
      if (this.#isBlocked()) {
        this.#reading = false;
        this.transport.pause();
        return;
      }
      const type = this.#reader.next();
      if (type === 0) break;
      this.startedAt = 0;
      if (this.#state === 'new') this.#connect(type);
      else if (type === packetType.publish) this.#publish();
      else this.#control(type);
    }
    this.#reading = true;
    this.#unreadBytes = 0;
    if (this.#reader.gatheredBytes === 0) this.startedAt = 0;
    else if (this.startedAt === 0) this.startedAt = this.#host.tick;
  }

  #isBlocked(): boolean {
    if (this.#state === 'new') return false;
    if (this.#state === 'asking' || this.transport.congested) return true;
    if (this.#reader.coming !== packetType.publish) return false;
    if (this.leaving || this.#allowance.used || this.received.window.full) return true;
    if (!this.#host.paused) return false;
    this.#host.waits(this);
    return true;
  }

  #account(): void {
    const now = this.#ownBytes + this.#reader.gatheredBytes + (this.#reading ? 0 : this.#unreadBytes);
    const change = now - this.heldBytes;
    if (change === 0) return;
    this.heldBytes = now;
    this.#host.held(this, change);
  }

  #release(): void {
    if (this.heldBytes === 0) return;
    const held = this.heldBytes;
    this.heldBytes = 0;
    this.#host.held(this, -held);
  }

  #part(): void {
    this.#release();
    this.transport.end();
  }

  #connect(type: number): void {
    if (type !== packetType.connect) throw violation(0x82, 'the first packet is no CONNECT');
    this.#state = 'asking';
    const packet = Buffer.from(this.#reader.bytes());
    this.#ownBytes = packet.length;
    this.#host.connect(this, packet);
  }

  #publish(): void {
    const { message } = this.#host;
    const { qos, packetId, topic, dup } = message;
    if (this.#isNew && message.oversizeBytes > 0) throw violation(0x95, 'a PUBLISH is larger than it may be');
    if (this.#isNew && message.retain) throw violation(0x9a, 'it publishes with RETAIN, and none are retained here');
    if (qos === 2 && this.received.isRepeated(packetId, dup)) {
      this.#write(this.received.window.release(this.#isNew));
      return;
    }
    if (this.#isNew && qos > 0 && this.received.window.unacknowledged >= this.#host.settings.receiveMaximum)
      throw violation(0x93, 'it has more unacknowledged messages than Receive Maximum');
    this.#allowance.take(message.payloadEnd - message.payloadStart);
    const { access, publisher } = this.admission as Admission;
    message.publisher = publisher;
    if (!access.mayPublish(topic)) {
      this.#deny(qos, packetId);
      return;
    }
    const arrival = this.received.window.arrive(packetId, qos);
    if (qos === 2) this.received.receipts.arrive(packetId, arrival);
    this.#host.publish(this, arrival % 2 ** 24);
  }

  /** No rule wants a message that was just handed over. */
  unwanted(): void {
    this.received.window.explain(this.received.window.next - 1, 'noSubscribers');
  }

  /** MQTT 3.1.1 has no word for it, and to acknowledge a message that goes nowhere would be a lie: the connection is closed [MQTT-3.3.5-2]. */
  #deny(qos: 0 | 1 | 2, packetId: number): void {
    this.#host.denied(this);
    if (qos === 0) return;
    if (!this.#isNew) {
      this.end(0x87, 'it may not publish to this topic');
      return;
    }
    const arrival = this.received.window.arrive(packetId, qos);
    this.received.window.explain(arrival, 'notAuthorised');
    this.received.window.settle(arrival);
    this.#write(this.received.window.release(true));
  }

  #control(type: number): void {
    const bytes = this.#reader.bytes();
    const version = this.#isNew ? '5' : '3.1.1';
    switch (type) {
      case packetType.pubrel:
        this.#released(readAnswer(bytes, 2, version).packetId, version);
        return;
      case packetType.pingreq:
        if (bytes[0] !== 0xc0 || bytes.length !== 2) throw violation(0x81, 'a PINGREQ is malformed');
        this.#write(pingresp);
        return;
      case packetType.disconnect:
        this.#disconnected(readDisconnect(bytes, version));
        return;
      case packetType.puback:
      case packetType.pubrec:
      case packetType.pubcomp:
      case packetType.subscribe:
      case packetType.unsubscribe:
        this.#subscriber!.take(type, bytes);
        return;
      case packetType.auth:
        throw violation(0x82, 'it sent AUTH, and did not ask for enhanced authentication');
      default:
        throw violation(0x82, `it sent a packet of type ${type}, which is not for it to send`);
    }
  }

  /** PUBREL: the client may use the identifier for another message, once it is forgotten here. */
  #released(packetId: number, version: '5' | '3.1.1'): void {
    if (this.received.receipts.complete(packetId)) this.received.window.complete();
    const pubcomp = this.received.receipts.release(version);
    this.session!.kept?.forgotten(packetId);
    this.#host.subscribing.sessions.whenSaved(() => {
      if (this.#state === 'live') this.#write(pubcomp);
    });
  }

  /** A good end deletes the will; 0x04 asks for it. */
  #disconnected({ reasonCode, sessionExpiry }: Goodbye): void {
    const session = this.session!;
    if (sessionExpiry !== undefined) {
      // [MQTT-3.14.2-2] asks for it.
      if (this.admission!.connect.sessionExpiry === 0 && sessionExpiry > 0)
        throw violation(0x82, 'its DISCONNECT asks for a session that its CONNECT did not ask for');
      session.expirySeconds = this.#host.subscribing.sessions.granted(sessionExpiry);
    }
    this.#state = 'ended';
    this.received.disconnect();
    if (reasonCode === 0) this.will = undefined;
    this.#part();
    this.#host.ended(this, 0, 'it said goodbye');
  }

  #goodbye(reasonCode: number, reason: string): Buffer {
    return disconnect(reasonCode, reason, reasonCode === 0x9c ? this.#host.settings.serverReference : undefined);
  }

  #write(bytes: Buffer | undefined): void {
    if (bytes !== undefined) this.transport.write(bytes);
  }

  /** [MQTT-3.1.2-24]: nothing is sent that is larger than the client takes. */
  #say(bytes: Buffer, reasonCode: number): void {
    const { connect } = this.admission as Admission;
    const short = Buffer.from([0xe0, 1, reasonCode]);
    this.#write(connect.wantsReasons && bytes.length <= connect.maximumPacketSize ? bytes : short);
  }
}

const reasonOf = (error: MkbError): string =>
  MkbError.is(error, 'mqtt-protocol-error') ? error.details.violation : error.message;
