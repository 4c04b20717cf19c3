/**
 * The way to the coordinator of a group, or of transactions: who it is, and a connection of its own to it. JoinGroup answers only when all members have joined,
 * and a broker answers the requests of a connection in order, so nothing else may wait behind it.
 */
import { type Connection, findCoordinatorV3 } from '@platformatic/kafka';
import { MkbError } from '../../../api/errors.ts';
import { failureText } from '../../../network/connect-failure.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import type { Cluster } from '../cluster.ts';
import { Link } from '../link.ts';
import { isDenied } from '../topic-error.ts';
import type { ConsumerOptions } from './options.ts';

/** The longest that an answer is waited for, milliseconds, however long the session may be silent. */
const longestWaitMs = 10_000;

/** The group's name, or a transactional id. */
type CoordinatorOptions = Pick<ConsumerOptions, 'cluster' | 'groupId' | 'sessionTimeoutMs' | 'rebalanceTimeoutMs'>;

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #cluster: Cluster;
  readonly #kind: CoordinatorKind;
  #link: Promise<Link> | undefined;
  /** The link that was found last. */
  #last: Link | undefined;
  #closed = false;

  constructor(options: CoordinatorOptions, cluster: Cluster, kind: CoordinatorKind = 'group') {
    this.#options = options;
    this.#cluster = cluster;
    this.#kind = kind;
  }

  /**
   * Asks it. Throws `kafka-request-failed` when there is no answer in time, and then looks for the coordinator again; or why it cannot be
   * reached or found.
   *
   * @param what as in "Kafka could not ..."
   * @param longerMs time that it may take beyond that of other requests
   */
  async ask<Answer>(what: string, request: (connection: Connection) => Promise<Answer>, longerMs = 0): Promise<Answer> {
    if (this.#closed) throw new MkbError('kafka-request-failed', { what, reason: 'it is closed' });
    this.#link ??= this.#find();
    const finding = this.#link;
    const late = Promise.withResolvers<never>();
    const waitMs = Math.min(this.#options.sessionTimeoutMs, longestWaitMs) + longerMs;
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${waitMs} ms`)), waitMs);
    try {
      const answered = finding.then(link => link.ready()).then(request);
      return await Promise.race([answered, late.promise]);
    } catch (cause) {
      if (this.#link === finding) this.forget();
      if (MkbError.is(cause)) throw cause;
      throw new MkbError('kafka-request-failed', { what, reason: failureText(cause) }, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** It may be another broker by now. */
  forget(): void {
    this.#link?.then(
      link => link.drop(),
      () => undefined,
    );
    this.#link = undefined;
  }

  close(): void {
    this.#closed = true;
    this.forget();
    this.#last?.close();
  }

  async #find(): Promise<Link> {
    const { groupId, cluster, rebalanceTimeoutMs, sessionTimeoutMs } = this.#options;
    const { host, port } = await coordinatorOf(this.#cluster, groupId, this.#kind);
    // The same link, if it is the same broker: it knows how long not to be asked again.
    if (this.#last?.host !== host || this.#last.port !== port) {
      this.#last?.close();
      const requestTimeout = sessionTimeoutMs + rebalanceTimeoutMs;
      const options = { ...cluster, connection: { ...cluster.connection, requestTimeout } };
      this.#last = new Link(host, port, options, () => undefined);
    }
    if (this.#closed) this.#last.close();
    return this.#last;
  }
}

/** FindCoordinator's kinds of keys. */
const keyTypes = { group: 0, transaction: 1 } as const;
type CoordinatorKind = keyof typeof keyTypes;

/** Where the coordinator of a consumer group, or of a transactional id, is. Throws `kafka-request-failed` while there is none, or `kafka-not-authorised`. */
export async function coordinatorOf(
  cluster: Cluster,
  name: string,
  kind: CoordinatorKind = 'group',
): Promise<{ readonly host: string; readonly port: number }> {
  const isGroup = kind === 'group';
  const what = `find the coordinator of the ${isGroup ? 'group' : 'transactional id'} ${name}`;
  const { coordinators } = await cluster.ask(what, findCoordinatorV3.api, keyTypes[kind], [name]);
  const [{ errorCode, host, port } = { errorCode: -1, host: '', port: 0 }] = coordinators;
  const reason = errorName(errorCode);
  const denied = isGroup ? `read as group ${name}` : `use the transactional id ${name}`;
  if (isDenied(errorCode)) throw new MkbError('kafka-not-authorised', { what: denied, reason });
  if (errorCode !== 0) throw new MkbError('kafka-request-failed', { what, reason });
  return { host, port };
}
