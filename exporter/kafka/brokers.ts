/**
 * Connections to the brokers of a Kafka cluster, for asking them questions: one a broker, opened when it is first wanted and again
 * after it broke or its login is about to expire. Nothing is retried; the next round asks again.
 */
import type { API, Connection, ConnectionOptions } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { failureText } from '../../network/connect-failure.ts';
import { BrokerConnection } from '../../network/kafka/broker-connection.ts';
import { connectError } from '../../network/kafka/connect-error.ts';
import { explain, hostAndPort, secureOptionsFor } from '../../network/kafka/diagnosis.ts';
import { responseOf } from '../../network/kafka/response-error.ts';
import type { KafkaLogin } from '../../network/kafka/settings.ts';

interface Link {
  /** Undefined while certificates and secrets are being read. */
  connection?: BrokerConnection;
  destroyed: boolean;
  readonly ready: Promise<Connection>;
}

export class Brokers {
  readonly #clientId: string;
  readonly #options: ConnectionOptions;
  readonly #login: KafkaLogin;
  readonly #bootstrap: readonly string[];
  readonly #links = new Map<string, Link>();
  /** Their login is about to expire: they are asked nothing more. */
  readonly #retired = new Set<Link>();
  readonly #addresses = new Map<number, string>();
  #resets = 0;
  /** Whether a broker has ever answered. */
  #answered = false;

  /**
   * @param bootstrap `host:port` of brokers to ask first
   * @param login asked for each connection
   */
  constructor(clientId: string, bootstrap: readonly string[], options: ConnectionOptions, login: KafkaLogin) {
    this.#login = login;
    this.#clientId = clientId;
    this.#bootstrap = bootstrap;
    this.#options = options;
  }

  /** The node ids of all brokers, as last learned. */
  get nodes(): readonly number[] {
    return [...this.#addresses.keys()];
  }

  /** Where each broker is, from metadata. Connections to others are closed. */
  learn(brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]): void {
    this.#addresses.clear();
    for (const { nodeId, host, port } of brokers) this.#addresses.set(nodeId, `${host}:${port}`);
    const wanted = new Set([...this.#addresses.values(), ...this.#bootstrap]);
    for (const [address, link] of this.#links) if (!wanted.has(address)) destroy(link);
  }

  /** Asks any broker: those that are known, then those of the document, until one answers. */
  async askAny<Args extends unknown[], Answer>(what: string, api: API<Args, Answer>, ...args: Args): Promise<Answer> {
    const resets = this.#resets;
    let failure: unknown;
    for (const address of new Set([...this.#addresses.values(), ...this.#bootstrap])) {
      try {
        const answer = await this.#ask(address, what, api, args);
        this.#answered = true;
        return answer;
      } catch (error) {
        // A refused login outweighs a broker that is merely down: it is what a person has to fix.
        if (!(MkbError.is(failure) && failure.kind === 'permanent')) failure = error;
        if (resets !== this.#resets) break;
      }
    }
    if (this.#answered || resets !== this.#resets) throw failure;
    throw await explain(failure, this.#bootstrap, await this.#login());
  }

  /** Asks one broker. Throws `kafka-unreachable` and the like, or `kafka-request-failed`. */
  async ask<Args extends unknown[], Answer>(
    node: number,
    what: string,
    api: API<Args, Answer>,
    ...args: Args
  ): Promise<Answer> {
    const address = this.#addresses.get(node);
    if (address === undefined)
      throw new MkbError('kafka-request-failed', { what, reason: `broker ${node} is unknown` });
    return await this.#ask(address, what, api, args);
  }

  /** Ends all connections at once, and what was asked over them. The next question opens new ones. */
  reset(): void {
    this.#resets++;
    for (const link of [...this.#links.values(), ...this.#retired]) destroy(link);
    this.#links.clear();
  }

  async #ask<Args extends unknown[], Answer>(
    address: string,
    what: string,
    api: API<Args, Answer>,
    args: Args,
  ): Promise<Answer> {
    const connection = await this.#connect(address);
    try {
      return await responseOf(api.async(connection, ...args));
    } catch (cause) {
      throw new MkbError('kafka-request-failed', { what, reason: failureText(cause) }, { cause });
    }
  }

  #connect(address: string): Promise<Connection> {
    const known = this.#links.get(address);
    if (known) return known.ready;
    const link = this.#open(address, () => {
      forget();
      this.#retired.add(link);
      link.connection?.retire();
    });
    const forget = () => {
      if (this.#links.get(address) === link) this.#links.delete(address);
      this.#retired.delete(link);
    };
    this.#links.set(address, link);
    link.ready.then(connection => connection.once('close', forget), forget);
    return link.ready;
  }

  #open(address: string, expiring: () => void): Link {
    const { host, port } = hostAndPort(address);
    const opened = async (): Promise<Connection> => {
      const secure = secureOptionsFor(host, await this.#login());
      const connection = new BrokerConnection(this.#clientId, { ...this.#options, ...secure }, expiring);
      link.connection = connection;
      const connecting = Promise.resolve(connection.connect(host, port));
      if (link.destroyed) destroy(link);
      await connecting.catch(cause => {
        throw connectError(address, cause, secure);
      });
      return connection;
    };
    const link: Link = { destroyed: false, ready: Promise.resolve().then(opened) };
    return link;
  }
}

/** At once, as a polite close waits for what a frozen broker does not read; with an error, as one that is being opened waits for that. */
const destroy = (link: Link): void => {
  link.destroyed = true;
  link.connection?.socket?.destroy(new Error('it takes too long'));
};
