/**
 * The MQTT server: ports that are listened on, and the clients that are connected. It knows nothing of rules and Kafka: what clients publish
 * goes to its handler, and what is settled comes back.
 *
 * Time is counted in ticks of half a second, by one timer for all clients: keep-alive, slow packets, rates.
 *
 * Memory is bounded over all clients. While nothing can be handed over, a client that sends is read once and then no more; when what was so
 * read comes to half of the limit, nobody is read.
 */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { MqttMessage } from '../mqtt/message.ts';
import { Topics } from '../mqtt/topics.ts';
import { type Decision, decide } from './admission.ts';
import { Client } from './client.ts';
import { ClientCounts, type Refused } from './client-counts.ts';
import type { ClientHost } from './client-host.ts';
import { Door } from './door.ts';
import { FailedLogins } from './login/failed-logins.ts';
import type { ListenOptions } from './options.ts';
import { partFrom } from './parting.ts';
import { Received } from './received.ts';
import type { Sessions } from './sessions.ts';
import type { Subscribing } from './subscriber.ts';
import type { ClientEvents, ClientTransport } from './transports.ts';
import { readWill, type Testament, Wills } from './wills.ts';

export interface ListenerHandler {
  /** A message, valid during the call. @param arrival its number; `settle` gets it */
  publish(client: Client, arrival: number): void;
  /** The will of a client that was lost: as `publish`, and nobody hears that it is settled. */
  will(testament: Testament, arrival: number): void;
  /** Clients have messages that waited until the listener was not paused. Called in a turn of its own. */
  turn(): void;
  /** Something failed that is no client's fault, or that a person may want to know of one. */
  problem(error: MkbError): void;
}

const tickMs = 500;
const ticksOf = (ms: number): number => Math.ceil(ms / tickMs);
/** How long a client may take to close a connection that we have ended. */
const partingTicks = 4;
const reloadTicks = 10;
/** Reason codes of clients that are sent away since the server stops. */
const stops: ReadonlySet<number> = new Set([0x8b, 0x9c]);

export class Listener implements ClientHost<Client> {
  readonly message: MqttMessage;
  readonly topics = new Topics();
  readonly settings: ListenOptions['limits'];
  readonly counts = new ClientCounts();
  readonly subscribing: Subscribing;
  paused = true;
  readonly #options: ListenOptions;
  readonly #handler: ListenerHandler;
  readonly #door: Door;
  readonly #failedLogins: FailedLogins;
  /** Those that are connected, and those that are not but have messages in flight. */
  readonly #clients = new Map<number, Client>();
  readonly #byId = new Map<string, Client>();
  readonly #waiting = new Set<Client>();
  readonly wills: Wills;
  /** Those that were ended, and when; their connection is not closed yet. */
  readonly #leaving = new Map<Client, number>();
  #last: Client | undefined;
  #next = 1;
  #heldBytes = 0;
  #resting = false;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: ListenOptions, sessions: Sessions, handler: ListenerHandler, idPrefix: string) {
    this.#options = options;
    this.subscribing = { sessions, topics: options.topics, route: options.route };
    this.settings = options.limits;
    this.#handler = handler;
    this.message = new MqttMessage(idPrefix);
    this.wills = new Wills({
      ticks: () => this.tick,
      mayPublish: () => !this.paused,
      takeRoom: bytes => this.#takeRoom(bytes),
      giveRoom: bytes => {
        this.#heldBytes -= bytes;
      },
      publish: testament => this.#publishWill(testament),
      lost: () => void this.counts.willsLost++,
    });
    this.#failedLogins = new FailedLogins(options.limits.failedLogins);
    this.#door = new Door(options, this.counts, transport => this.#accept(transport));
  }

  /** Clients that are let in. */
  get connected(): number {
    return this.#byId.size;
  }

  get tick(): number {
    return this.subscribing.sessions.tick;
  }

  get listening(): boolean {
    return this.#door.open;
  }

  /** The ports that are listened on, in the order of the document. */
  get ports(): readonly number[] {
    return this.#door.ports;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get clients(): Iterable<Client> {
    return this.#clients.values();
  }

  /** Throws `listener-failed` and `tls-invalid`. */
  async open(): Promise<void> {
    await this.#door.listen();
    this.#timer = setInterval(() => this.#sweep(), tickMs);
    void this.#reload();
  }

  pause(): void {
    this.paused = true;
  }

  /** Goes on, after the caller has returned. */
  resume(): void {
    if (!this.paused || this.#closing) return;
    this.paused = false;
    setImmediate(() => this.#turn());
  }

  /** The client of an arrival; undefined if nothing of it is left. */
  clientOf(arrival: number): Client | undefined {
    const number = Math.floor(arrival / 2 ** 24);
    if (this.#last?.number === number) return this.#last;
    this.#last = this.#clients.get(number);
    return this.#last;
  }

  /** A message of the client was settled. */
  settled(client: Client): void {
    if (client.over && client.unsettled === 0) this.#forget(client);
  }

  /** Lets nobody in any more. Where clients can go to another server, they do, a few at a time; it takes `limitMs` at most. */
  async part(limitMs: number): Promise<void> {
    this.#door.close();
    if (!this.#options.stateless) return;
    const perSecond = this.settings.connectRate / 2;
    // What a subscriber has not acknowledged is counted at the end, not as that of a session that keeps it.
    const going = [...this.#byId.values()].filter(({ session }) => !session?.subscriptions.size);
    await partFrom(going, { perSecond, limitMs, end: client => this.#dismiss(client) });
  }

  /** What the session of a client that is not connected has received: nothing yet. */
  newReceived(): Received {
    return new Received(this.#next++, this.settings.receiveMaximum);
  }

  /** Lets nobody in any more, and reads nothing. */
  stop(): void {
    this.#closing = true;
    this.paused = true;
    this.#door.close();
    // What clients acknowledge is still of use.
    for (const client of this.#clients.values()) if (!client.session?.subscriptions.size) client.rest();
  }

  /** Ends all connections. Resolves when they are closed, at the latest after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.stop();
    clearInterval(this.#timer);
    // The sessions are over with the process: what they have is no more delivered than what was not sent.
    this.subscribing.sessions.released = () => undefined;
    for (const client of [...this.#clients.values()]) this.#dismiss(client);
    const until = performance.now() + Math.min(limitMs, partingTicks * tickMs);
    while (this.#leaving.size > 0 && performance.now() < until) await new Promise(resolve => setTimeout(resolve, 10));
    for (const client of this.#leaving.keys()) client.transport.destroy();
    this.#door.destroy();
    for (const method of this.#options.login.methods) method.close?.();
  }

  // --- from clients

  connect(client: Client, packet: Buffer): void {
    decide(packet, client, this.#options, this.#failedLogins).then(
      decision => {
        if (!client.asking) return;
        if ('admission' in decision) this.#welcome(client, decision);
        else this.#refuse(client, decision.refused, decision.answer, decision.name, decision.reason);
      },
      error => {
        this.#refuse(client, 'busy', undefined, client.name, 'something went wrong that should not have');
        this.#handler.problem(new MkbError('unexpected', { reason: String(error) }, { cause: error }));
      },
    );
  }

  publish(client: Client, arrival: number): void {
    this.message.arrival = client.number * 2 ** 24 + arrival;
    this.#handler.publish(client, this.message.arrival);
  }

  denied(client: Client): void {
    this.counts.denied++;
    const { topic } = this.message;
    this.#handler.problem(new MkbError('client-denied', { client: client.name, topic: topic.slice(0, 200) }));
  }

  waits(client: Client): void {
    this.#waiting.add(client);
  }

  held(client: Client, bytes: number): void {
    this.#heldBytes += bytes;
    const { heldBytes: limit } = this.settings;
    if (bytes <= 0 || this.#heldBytes <= limit / 2) return;
    if (this.#heldBytes > limit) client.end(0x97, 'The bridge holds all that it may of packets that are not complete.');
    else if (this.paused && !this.#resting) this.#restAll();
  }

  ended(client: Client, reasonCode: number, reason: string): void {
    this.counts.ended(reasonCode);
    const id = client.admission?.publisher.clientid;
    if (id !== undefined && this.#byId.get(id) === client) this.#byId.delete(id);
    this.#waiting.delete(client);
    if (reasonCode >= 0) this.#leaving.set(client, this.tick);
    if (reasonCode > 0 && !stops.has(reasonCode))
      this.#handler.problem(new MkbError('client-disconnected', { client: client.name, reason, reasonCode }));
    if (client.session !== undefined) {
      const { testament } = client;
      if (testament !== undefined) this.wills.left(testament, client.session.expirySeconds);
      this.subscribing.sessions.leave(client.session);
    }
    if (client.unsettled === 0) this.#forget(client);
  }

  gone(client: Client): void {
    this.#leaving.delete(client);
  }

  // ---

  /** Ends the connection since the server stops. A will may wait until a server is there again [MQTT-3.1.2-8], and the client is not lost. */
  #dismiss(client: Client): void {
    client.will = undefined;
    client.end(this.settings.serverReference === undefined ? 0x8b : 0x9c, 'The server is being stopped.');
  }

  #accept(transport: ClientTransport): ClientEvents | undefined {
    if (this.#closing) return undefined;
    const client = new Client(this.#next++, transport, this);
    this.#clients.set(client.number, client);
    return client;
  }

  #welcome(client: Client, { admission, answer }: Extract<Decision, { admission: unknown }>): void {
    const { access, connect, sessionExpiry } = admission;
    const clientId = admission.publisher.clientid as string;
    // [MQTT-3.1.4-3]
    this.#byId.get(clientId)?.end(0x8e, 'Another connection uses this client id.');
    const { sessions } = this.subscribing;
    const { session, present } = sessions.open(
      {
        clientId,
        user: admission.user,
        cleanStart: connect.cleanStart,
        expirySeconds: sessionExpiry,
        maySubscribe: filter => access.maySubscribe(filter),
      },
      client.received,
    );
    this.wills.back(clientId, present);
    this.#byId.set(clientId, client);
    this.counts.welcomed++;
    // From now on by the number of its session: what is settled of an earlier connection is known to this one.
    this.#clients.delete(client.number);
    client.received = session.received;
    this.#clients.set(client.number, client);
    this.#last = undefined;
    client.welcome(admission, session, answer(present));
  }

  #refuse(client: Client, refused: Refused, answer: Buffer | undefined, name: string, reason: string): void {
    this.counts.refuse(refused);
    this.#leaving.set(client, this.tick);
    client.refuse(answer);
    this.#forget(client);
    this.#handler.problem(new MkbError('client-refused', { client: name, reason }));
  }

  #forget(client: Client): void {
    // Its session may have another connection by now.
    if (this.#clients.get(client.number) === client) this.#clients.delete(client.number);
    if (this.#last === client) this.#last = undefined;
  }

  /** Those that waited go on, each in its turn, until there is no room again. */
  #turn(): void {
    this.#resting = false;
    this.wills.turn();
    for (const client of this.#waiting) {
      if (this.paused) break;
      this.#waiting.delete(client);
      client.proceed();
    }
    this.#handler.turn();
  }

  #restAll(): void {
    this.#resting = true;
    for (const client of this.#byId.values()) {
      client.rest();
      this.#waiting.add(client);
    }
  }

  #takeRoom(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.settings.heldBytes || this.#closing) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #publishWill(testament: Testament): void {
    this.message.timestamp = Date.now();
    readWill(testament, this.message, this.topics);
    // A number of its own: those of the client's messages go on with its session.
    const arrival = this.#next++ * 2 ** 24;
    this.message.arrival = arrival;
    this.#handler.will(testament, arrival);
  }

  #sweep(): void {
    this.subscribing.sessions.sweep();
    this.wills.sweep();
    const { connectTimeoutMs, packetTimeoutMs, messageRate, byteRate, heldBytes } = this.settings;
    const limits = { connect: ticksOf(connectTimeoutMs), packet: ticksOf(packetTimeoutMs), now: Date.now() };
    const refills = this.tick % 2 === 0 && (Number.isFinite(messageRate) || Number.isFinite(byteRate));
    let gathered = this.#heldBytes;
    for (const client of this.#clients.values()) {
      if (client.over) continue;
      const bytes = client.transport.gatheredBytes;
      gathered += bytes;
      if (gathered > heldBytes && bytes > 0)
        client.end(0x97, 'The bridge holds all that it may of packets that are not complete.');
      else this.#judge(client, limits);
      if (refills) client.refill();
    }
    for (const [client, since] of this.#leaving) if (this.tick - since > partingTicks) client.transport.destroy();
    if (this.tick % reloadTicks === 0) void this.#reload();
  }

  #judge(client: Client, { connect, packet, now }: { connect: number; packet: number; now: number }): void {
    if (!client.live) {
      if (this.tick - client.since <= connect) return;
      this.counts.refuse(client.asking ? 'busy' : 'timeout');
      client.will = undefined;
      client.end(0x8d, client.asking ? 'it waited too long to be let in' : 'it did not send CONNECT in time');
      return;
    }
    const { keepAliveSeconds, expiresAt } = client.admission!;
    if (expiresAt !== undefined && expiresAt <= now) {
      client.end(0xa0, 'The login has expired.');
      return;
    }
    if (client.unread) {
      client.heardAt = this.tick;
      return;
    }
    // [MQTT-3.1.2-22]
    if (keepAliveSeconds > 0 && this.tick - client.heardAt > ticksOf(keepAliveSeconds * 1500))
      client.end(0x8d, 'Nothing came for one and a half times the keep-alive.');
    else if (client.startedAt > 0 && this.tick - client.startedAt > packet) client.end(0x83, 'A packet took too long.');
  }

  async #reload(): Promise<void> {
    for (const part of [...this.#options.login.methods, this.#door])
      await part.reload?.().catch(error => this.#handler.problem(asMkbError(error)));
  }
}
