/**
 * Where a record goes that may be what ends connections: to a connection of its own, so that the others go on and none of them can be
 * to blame.
 *
 * It is to blame if, time after time, the broker answers a small request on that connection and ends it when the record comes. A broker that
 * is down, a balancer before it that takes connections and closes them, or a network that breaks does not look like that.
 */
import { type Connection, metadataV9 } from '@platformatic/kafka';
import type { Lane } from './lane.ts';
import { Link, type LinkOptions } from './link.ts';

/** A record is suspected when so many connections ended while it was under way, */
const suspectedAfter = 2;
/** and to blame when it ended so many on which nothing else was. */
const blamedAfter = 5;
/** Any broker takes a record as small as this. */
const harmlessBytes = 1024;
/** How long others of the size of one that was to blame go to quarantine at once, milliseconds. */
const rememberedMs = 600_000;

export class Quarantine {
  readonly #options: LinkOptions;
  readonly #links = new Map<string, Link>();
  readonly #taken = new Set<Link>();
  /** The smallest record that was to blame, by the broker that hung up on it. */
  readonly #blamed = new WeakMap<Link, { readonly bytes: number; readonly until: number }>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Whether the lane's next batch belongs here: a record alone, as batches of several are halved first. */
  wants(link: Link, { head }: Lane): boolean {
    if (head === undefined || head.count > 1 || head.wireBytes <= harmlessBytes) return false;
    if (head.endings >= suspectedAfter) return true;
    const blamed = this.#blamed.get(link);
    return blamed !== undefined && head.wireBytes >= blamed.bytes && performance.now() < blamed.until;
  }

  /** Whether it has been here often enough to be sure. */
  blames(link: Link, { head }: Lane): boolean {
    if (head!.endingsAlone < blamedAfter) return false;
    const bytes = Math.min(head!.wireBytes, this.#blamed.get(link)?.bytes ?? Number.POSITIVE_INFINITY);
    this.#blamed.set(link, { bytes, until: performance.now() + rememberedMs });
    return true;
  }

  /** Whether another record is with the same broker. */
  occupied(link: Link): boolean {
    return this.#taken.has(link);
  }

  /** A connection to the same broker that works. Throws if there is none. Call `leave` afterwards in any case. */
  async enter(link: Link): Promise<Connection> {
    this.#taken.add(link);
    const own = new Link(link.host, link.port, this.#options, () => undefined);
    this.#links.set(link.address, own);
    const connection = await own.ready();
    await metadataV9.api.async(connection, [], false);
    return connection;
  }

  leave(link: Link): void {
    this.#taken.delete(link);
    this.#links.get(link.address)?.close();
    this.#links.delete(link.address);
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}
