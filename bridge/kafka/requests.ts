/**
 * Requests to leaders: which batches go into one, over which connection, and how many are under way.
 *
 * A request has the batches of as many lanes as its size allows. A batch that is larger by itself goes back: halved if it can be, as too
 * large if it is one record. What may be too large for the broker goes over a connection of its own (quarantine.ts).
 */
import { type Connection, NetworkError, TimeoutError } from '@platformatic/kafka';
import { type Codec, codecs } from './compression.ts';
import type { Numbers } from './identity.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import { type ProduceAnswer, produce } from './produce-api.ts';
import type { ProducerOptions, ProducerTuning } from './producer-options.ts';
import { Quarantine } from './quarantine.ts';
import { RequestSizes } from './request-sizes.ts';

const acksOnTheWire = { all: -1, leader: 1, none: 0 } as const;
const silence: ProduceAnswer = { results: [], throttleMs: 0 };
const maxRequestsInFlight = 5;
/** What a batch adds to a request beside itself and its topic's name. */
const framingBytes = 32;

/** A request that got no answer. */
export interface Lost {
  readonly error: Error;
  /** Whether the connection ended while it was under way, rather than before it or when its time was over. */
  readonly ended: boolean;
  /** Given if its broker takes smaller requests only from now on: how large this one was, and how large they may be. */
  readonly limited?: { readonly bytes: number; readonly limit: number };
}

export interface RequestsListener {
  /** A request is not under way any more. */
  answered(link: Link, lanes: readonly Lane[], outcome: ProduceAnswer | Lost): void;
  /** The lane's next batch is larger than a request may be. */
  tooLarge(lanes: readonly Lane[]): void;
}

interface Request {
  readonly link: Link;
  readonly lanes: readonly Lane[];
  /** In quarantine. */
  readonly alone: boolean;
}

export interface RequestsParts {
  readonly identity: Numbers;
  /** What the next requests are compressed with. */
  readonly codec: Codec | undefined;
  readonly now: () => number;
}

export const partsOf = (options: ProducerTuning, identity: Numbers, now: () => number): RequestsParts => ({
  identity,
  now,
  get codec() {
    return options.compression === 'none' ? undefined : codecs[options.compression];
  },
});

export class Requests {
  readonly #options: ProducerOptions;
  readonly #identity: Numbers;
  readonly #parts: RequestsParts;
  readonly #now: () => number;
  readonly #listener: RequestsListener;
  readonly #quarantine: Quarantine;
  readonly #sizes = new WeakMap<Link, RequestSizes>();
  /** Connections that we ended because an answer did not come. */
  readonly #timedOut = new WeakSet<Connection>();
  #underWay = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #closed = false;

  constructor(options: ProducerOptions, parts: RequestsParts, listener: RequestsListener) {
    this.#options = options;
    this.#identity = parts.identity;
    this.#parts = parts;
    this.#now = parts.now;
    this.#listener = listener;
    this.#quarantine = new Quarantine(options.cluster);
  }

  /** Sends what can be sent now of the lanes' next batches. They have the same leader, which is connected. */
  send(link: Link, lanes: readonly Lane[]): void {
    if (!this.#takes(link)) return;
    const chosen = this.#choose(link, lanes);
    // One that goes to quarantine may have taken the only place.
    if (chosen.length === 0 || !this.#takes(link)) return;
    const request = this.#begin(link, chosen, false);
    const { codec } = this.#parts;
    if (!codec) {
      this.#write(request, link.connection);
      return;
    }
    Promise.all(chosen.map(lane => lane.head!.compress(codec))).then(
      () => this.#write(request, link.connection),
      error => this.#end(request, { error, ended: false }),
    );
  }

  /** Whether a lane's batch was the only one on each of several connections that ended. */
  blames(link: Link, lane: Lane): boolean {
    return this.#quarantine.blames(link, lane);
  }

  /** Settles when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#underWay === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  /** Ends what is under way without an answer. */
  close(): void {
    this.#closed = true;
    this.#quarantine.close();
  }

  #takes(link: Link): boolean {
    return link.inFlight < maxRequestsInFlight;
  }

  /** The lanes of one request: those that may be numbered now, up to the request's size. */
  #choose(link: Link, lanes: readonly Lane[]): Lane[] {
    const chosen: Lane[] = [];
    const { limit } = this.#sizesOf(link);
    let bytes = 0;
    for (const lane of lanes) {
      // Another leader's request, or one in quarantine, may just have taken it.
      if (lane.turn?.taken) continue;
      const batch = lane.next();
      if (!this.#maySend(lane)) continue;
      if (this.#quarantine.wants(link, lane)) {
        const inTurn = lane.turn !== undefined && chosen.some(({ turn }) => turn === lane.turn);
        if (!inTurn) this.#sendAlone(link, lane);
        continue;
      }
      const more = batch.bytes + lane.topic.length + framingBytes;
      if (chosen.length > 0 && bytes + more > limit) continue;
      bytes += more;
      chosen.push(lane);
    }
    return chosen;
  }

  /** Unless another batch is alone with this broker already. */
  #sendAlone(link: Link, lane: Lane): void {
    if (this.#quarantine.occupied(link) || !this.#takes(link)) return;
    const request = this.#begin(link, [lane], true);
    this.#quarantine.enter(link).then(
      connection => this.#write(request, connection),
      error => this.#end(request, { error, ended: false }),
    );
  }

  #begin(link: Link, lanes: readonly Lane[], alone: boolean): Request {
    link.inFlight++;
    link.sentAt = this.#now();
    this.#underWay++;
    for (const lane of lanes) lane.sending = true;
    return { link, lanes, alone };
  }

  #write(request: Request, connection: Connection | undefined): void {
    if (!connection) {
      this.#end(request, { error: new Error('the connection was lost'), ended: false });
      return;
    }
    const lanes = this.#still(this.#fitting(request));
    if (lanes.length === 0) {
      this.#leave(request);
      return;
    }
    const batches = lanes.map(lane => {
      const { identity, sequence } = lane.number(this.#identity.current);
      return { topic: lane.topic, partition: lane.partition, bytes: lane.head!.seal(identity, sequence) };
    });
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    const acks = acksOnTheWire[this.#options.acks];
    const timeoutMs = Math.floor(this.#options.cluster.requestTimeoutMs * 0.8);
    const sentAt = this.#now();
    const transactionalId = this.#identity.current?.transactionalId ?? null;
    produce(connection, acks, timeoutMs, batches, transactionalId, (error, answer) => {
      if (this.#closed) return;
      const sent = { ...request, lanes };
      if (error) this.#end(sent, this.#lost(sent, error, connection, bytes));
      else {
        // With acks none the library calls back when it has written, with no answer to give: that says nothing of what the broker takes.
        if (acks !== 0) this.#sizesOf(request.link).answered(bytes, this.#now() - sentAt);
        for (const { head } of lanes) head!.endings = head!.endingsAlone = 0;
        this.#end(sent, acks === 0 ? silence : answer!);
      }
    });
  }

  /** Those of the lanes that may be sent still: while they were compressed, the producer id may have been given up, or a partition be gone. */
  #still(lanes: readonly Lane[]): readonly Lane[] {
    const maySend = (lane: Lane) => lane.leader >= 0 && this.#maySend(lane);
    if (lanes.every(maySend)) return lanes;
    for (const lane of lanes) lane.sending = maySend(lane);
    return lanes.filter(maySend);
  }

  /** Whether its next batch has a number, or may get one. */
  #maySend(lane: Lane): boolean {
    return (lane.numbered || this.#identity.ready) && this.#identity.admits(lane);
  }

  /** The request's lanes but for those whose batch is larger than a request may be. */
  #fitting({ link, lanes, alone }: Request): readonly Lane[] {
    if (alone) return lanes;
    const { limit } = this.#sizesOf(link);
    const { maxRequestBytes } = this.#options;
    const fits = ({ head }: Lane) =>
      head!.wireBytes <= (head!.count > 1 ? Math.min(limit, maxRequestBytes) : maxRequestBytes);
    if (lanes.every(fits)) return lanes;
    const large = lanes.filter(lane => !fits(lane));
    // Not at once: a caller that appends records at this moment is not prepared to hear of failures.
    queueMicrotask(() => {
      if (!this.#closed) this.#listener.tooLarge(large);
    });
    return lanes.filter(fits);
  }

  #lost({ link, lanes, alone }: Request, error: Error, connection: Connection, bytes: number): Lost {
    this.#sizesOf(link).lost(bytes);
    // When the time of one request is over the library ends its connection, and with it the others.
    if (error instanceof TimeoutError) this.#timedOut.add(connection);
    const ended = error instanceof NetworkError && !this.#timedOut.has(connection);
    if (!ended) return { error, ended };
    for (const { head } of lanes) {
      if (alone) head!.endingsAlone++;
      else head!.endings++;
    }
    const sizes = this.#sizesOf(link);
    if (alone || !sizes.ended(connection, bytes)) return { error, ended };
    return { error, ended, limited: { bytes, limit: sizes.limit } };
  }

  #end(request: Request, outcome: ProduceAnswer | Lost): void {
    this.#leave(request);
    this.#listener.answered(request.link, request.lanes, outcome);
  }

  #leave({ link, alone }: Request): void {
    link.inFlight--;
    this.#underWay--;
    if (alone) this.#quarantine.leave(link);
    if (this.#underWay > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #sizesOf(link: Link): RequestSizes {
    let sizes = this.#sizes.get(link);
    if (!sizes) {
      const { maxRequestBytes, maxGrownBytes } = this.#options;
      sizes = new RequestSizes(maxRequestBytes, maxGrownBytes, this.#now);
      this.#sizes.set(link, sizes);
    }
    return sizes;
  }
}
