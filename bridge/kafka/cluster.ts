/**
 * What we know of a Kafka cluster: its brokers, who leads which partition, and a link to each broker that we talk to.
 *
 * Knowledge grows old and is asked for again: every `metadataMaxAgeMs`, and at once when an answer shows that it is wrong. Any number
 * of calls of `refresh` make one request, and one more if they come while it is under way. Requests that follow each other, because what
 * is missing goes on missing, come with backoff: the first soon, later ones once in `retry.maxDelayMs`. So do those that fail.
 */
import type { API, Connection } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { failureText } from '../../network/connect-failure.ts';
import { explain } from '../../network/kafka/diagnosis.ts';
import { responseOf } from '../../network/kafka/response-error.ts';
import { Connections } from './connections.ts';
import type { Link, LinkOptions } from './link.ts';
import { type IsWanted, type Metadata, metadataOf, type TopicMetadata } from './metadata-api.ts';

export interface ClusterOptions extends LinkOptions {
  /** `host:port` of brokers to ask first. */
  readonly bootstrapServers: readonly string[];
  /** How old metadata may become, milliseconds. New partitions are noticed by then. */
  readonly metadataMaxAgeMs: number;
  readonly requestTimeoutMs: number;
}

export interface ClusterListener {
  /** A link came up, broke, or failed to come up. */
  linkChanged(): void;
  /** Metadata was read. */
  metadataRead(): void;
  /** Something failed that is tried again by itself. */
  problem(error: MkbError): void;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #listener: ClusterListener;
  readonly #connections: Connections;
  readonly #topics = new Map<string, TopicMetadata | undefined>();
  /** When Kafka answered last to a request for metadata, performance.now(). */
  answeredAt = Number.NEGATIVE_INFINITY;
  #controller = -1;
  /** Failures of links, each of which is reported once. */
  readonly #reported = new WeakSet<MkbError>();
  #refreshing = false;
  #refreshAgain = false;
  /** No refresh before this time, however many ask for one. */
  #refreshAllowedAt = 0;
  /** Refreshes that followed each other, failed ones among them, for the backoff. */
  #refreshStreak = 0;
  /** When the next refresh is due; Infinity while none is. */
  #refreshAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ClusterOptions, listener: ClusterListener) {
    this.#options = options;
    this.#listener = listener;
    this.#connections = new Connections(options.bootstrapServers, options, link => this.#linkChanged(link));
  }

  /** Reads metadata for the first time. Throws what no waiting fixes (login, TLS, authorisation) or `kafka-unreachable`; call again to retry. */
  async connect(): Promise<void> {
    await this.read().catch(async error => {
      const { bootstrapServers, connection, login } = this.#options;
      throw await explain(error, bootstrapServers, (await login?.()) ?? connection);
    });
    this.#refreshIn(this.#options.metadataMaxAgeMs);
  }

  /** Whether at least one broker that leads a partition is connected. */
  get connected(): boolean {
    return this.#connections.any !== undefined;
  }

  /** The link to a broker; undefined for one that metadata does not know (yet). */
  broker(nodeId: number): Link | undefined {
    return this.#connections.broker(nodeId);
  }

  /** What is known of a topic; undefined until metadata that names it was read. Asking makes later metadata include it. */
  topic(name: string): TopicMetadata | undefined {
    if (!this.#topics.has(name)) {
      this.#topics.set(name, undefined);
      this.refresh();
    }
    return this.#topics.get(name);
  }

  /** A topic that nobody writes to any more: later metadata leaves it out. */
  forget(name: string): void {
    this.#topics.delete(name);
  }

  /** Asks for metadata soon. */
  refresh(): void {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return;
    }
    const pauseMs = this.#refreshAllowedAt - performance.now();
    // Long quiet: whatever is wrong now is something new.
    if (pauseMs < -this.#options.retry.maxDelayMs) this.#refreshStreak = 0;
    this.#refreshIn(Math.max(0, pauseMs));
  }

  /** Pauses between requests that are repeated. */
  get retry(): ClusterOptions['retry'] {
    return this.#options.retry;
  }

  get requestTimeoutMs(): number {
    return this.#options.requestTimeoutMs;
  }

  /** Reads metadata now, of more topics too from now on. Throws `kafka-request-failed` or why Kafka cannot be reached. */
  async read(more: readonly string[] = []): Promise<void> {
    for (const name of more) if (!this.#topics.has(name)) this.#topics.set(name, undefined);
    this.#learn(await this.#readMetadata([...this.#topics.keys()]));
    if (!this.#closed) this.#listener.metadataRead();
  }

  /** All topics of the cluster that are wanted, as far as this user may see them. Throws as `read`. */
  async list(isWanted: IsWanted): Promise<Metadata['topics']> {
    return (await this.#readMetadata(null, isWanted)).topics;
  }

  /** Asks any broker. Throws `kafka-request-failed`, or why none can be reached. @param what as in "Kafka could not ..." */
  async ask<Arguments extends unknown[], Answer>(
    what: string,
    api: API<Arguments, Answer>,
    ...args: Arguments
  ): Promise<Answer> {
    return await request(what, await this.#connections.ready(), connection => api.async(connection, ...args));
  }

  /** Asks the controller, as `ask`. */
  async askController<Arguments extends unknown[], Answer>(
    what: string,
    api: API<Arguments, Answer>,
    ...args: Arguments
  ): Promise<Answer> {
    const connection = await (this.#connections.broker(this.#controller)?.ready() ?? this.#connections.ready());
    return await request(what, connection, each => api.async(each, ...args));
  }

  /** Closes all connections; nothing is retried any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connections.close();
  }

  async #refreshOnce(): Promise<void> {
    const { minDelayMs, maxDelayMs } = this.#options.retry;
    this.#refreshing = true;
    this.#refreshAgain = false;
    this.#refreshAt = Number.POSITIVE_INFINITY;
    try {
      await this.read();
    } catch (error) {
      this.#refreshAgain = true;
      // The failure of a link was reported when it failed.
      if (!this.#closed && !this.#reported.has(error as MkbError)) this.#listener.problem(error as MkbError);
    }
    this.#refreshing = false;
    const pauseMs = backoffMs(this.#refreshStreak++, minDelayMs, maxDelayMs);
    this.#refreshAllowedAt = performance.now() + pauseMs;
    this.#refreshIn(this.#refreshAgain ? pauseMs : this.#options.metadataMaxAgeMs);
  }

  /** Sees to it that metadata is read in `pauseMs`, if it is not to be read before that anyway. */
  #refreshIn(pauseMs: number): void {
    const at = performance.now() + pauseMs;
    if (this.#closed || at >= this.#refreshAt) return;
    this.#refreshAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refreshOnce(), pauseMs);
  }

  async #readMetadata(names: readonly string[] | null, isWanted?: IsWanted): Promise<Metadata> {
    const connection = await this.#connections.ready();
    return await request('give metadata', connection, each => metadataOf(each, names, isWanted));
  }

  #learn({ brokers, controller, topics }: Metadata): void {
    this.answeredAt = performance.now();
    this.#controller = controller;
    this.#connections.learn(brokers);
    for (const [name, topic] of topics) this.#topics.set(name, topic);
  }

  #linkChanged({ lastError }: Link): void {
    if (this.#closed) return;
    if (lastError) {
      this.#reported.add(lastError);
      this.#listener.problem(lastError);
    }
    // With no connection left nothing else would notice that Kafka is back.
    if (!this.connected) this.refresh();
    this.#listener.linkChanged();
  }
}

async function request<Answer>(
  what: string,
  connection: Connection,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await responseOf(ask(connection));
  } catch (cause) {
    if (MkbError.is(cause)) throw cause;
    throw new MkbError('kafka-request-failed', { what, reason: failureText(cause) }, { cause });
  }
}
