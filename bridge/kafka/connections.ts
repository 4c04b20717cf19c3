/** The links of a cluster: one for each address that is a bootstrap server or that metadata names. */
import type { Connection } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { Link, type LinkOptions } from './link.ts';

interface Broker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export class Connections {
  readonly #bootstrapServers: readonly string[];
  readonly #options: LinkOptions;
  readonly #changed: (link: Link) => void;
  readonly #links = new Map<string, Link>();
  readonly #brokers = new Map<number, Link>();

  /** @param changed called when a link came up, broke, or failed to come up */
  constructor(bootstrapServers: readonly string[], options: LinkOptions, changed: (link: Link) => void) {
    this.#bootstrapServers = bootstrapServers;
    this.#options = options;
    this.#changed = changed;
  }

  /** A connection that is up; undefined while there is none. */
  get any(): Connection | undefined {
    for (const link of this.#links.values()) if (link.connection) return link.connection;
    return undefined;
  }

  /** The link to a broker; undefined for one that metadata does not know (yet). */
  broker(nodeId: number): Link | undefined {
    return this.#brokers.get(nodeId);
  }

  /** Takes the brokers that metadata names. */
  learn(brokers: readonly Broker[]): void {
    this.#brokers.clear();
    for (const { nodeId, host, port } of brokers) this.#brokers.set(nodeId, this.#link(host, port));
  }

  /** A connection to any broker: one that is up, otherwise the first that comes up. Throws the error that says most. */
  async ready(): Promise<Connection> {
    const links = new Set([
      ...this.#brokers.values(),
      ...this.#bootstrapServers.map(server => this.#bootstrap(server)),
    ]);
    const errors: unknown[] = [];
    for (const link of links) if (link.connection) return link.connection;
    // One after the other, so that not every broker gets a connection; but those that failed all at once, since each has a pause to make.
    for (const link of links) {
      if (link.lastError) continue;
      try {
        return await link.ready();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) {
      try {
        return await Promise.any(Array.from(links, link => link.ready()));
      } catch (error) {
        for (const each of (error as AggregateError).errors) errors.push(each);
      }
    }
    // A refused login outweighs a broker that is merely down: it is what a person has to fix.
    throw errors.find(error => MkbError.is(error) && error.kind === 'permanent') ?? errors[0];
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
  }

  #link(host: string, port: number): Link {
    const address = `${host}:${port}`;
    let link = this.#links.get(address);
    if (!link) {
      link = new Link(host, port, this.#options, () => this.#changed(link!));
      this.#links.set(address, link);
    }
    return link;
  }

  #bootstrap(server: string): Link {
    const colon = server.lastIndexOf(':');
    const host = server.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    return this.#link(host, Number(server.slice(colon + 1)));
  }
}
