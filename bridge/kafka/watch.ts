/**
 * The watch over records that wait, once a second: leaders are connected to, metadata is asked again, and what has waited for too long is
 * given up (giving-up.ts).
 */
import type { Cluster } from './cluster.ts';
import type { GivingUp } from './giving-up.ts';
import type { Link } from './link.ts';
import type { ProducerOptions } from './producer-options.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';
import { type UnreachableLeader, type Wait, waitOfRecord, waitsOf } from './waits.ts';

const everyMs = 1000;
export class Watch {
  readonly #options: ProducerOptions;
  readonly #cluster: Cluster;
  readonly #topics: Topics;
  readonly #givingUp: GivingUp;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(
    options: ProducerOptions,
    parts: { readonly cluster: Cluster; readonly topics: Topics; readonly givingUp: GivingUp },
    now: () => number,
  ) {
    this.#options = options;
    this.#cluster = parts.cluster;
    this.#topics = parts.topics;
    this.#givingUp = parts.givingUp;
    this.#now = now;
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Topics that records wait for, the one that has waited longest first. */
  get waits(): Wait[] {
    const { lingerMs } = this.#options;
    return waitsOf(this.#topics.all(), { now: this.#now(), lingerMs, broker: this.#broker });
  }

  /** What a record waits for whose token `isOf` names. */
  waiting(isOf: (token: number) => boolean): string | undefined {
    return waitOfRecord(this.#topics.all(), isOf, this.#broker);
  }

  get unreachable(): UnreachableLeader[] {
    return [...this.#leaders()].flatMap(([link, topic]) => {
      const reason = link.unusable;
      return reason === undefined ? [] : [{ address: link.address, topic: topic.name, reason }];
    });
  }

  /** Opens connections to the leaders that are, or may at any time be, needed. */
  connect(): void {
    for (const [link] of this.#leaders()) link.open();
  }

  /** As `connect`, and waits until each has been tried. Never throws. */
  async connected(): Promise<void> {
    await Promise.allSettled(Array.from(this.#leaders(), ([link]) => link.ready()));
  }

  readonly #broker = (nodeId: number): Link | undefined => this.#cluster.broker(nodeId);

  /** Each with one of its topics. */
  #leaders(): Map<Link, Topic> {
    const leaders = new Map<Link, Topic>();
    for (const topic of this.#topics.all()) {
      for (const lane of topic.lanes) {
        if (!topic.named && lane.empty) continue;
        const link = this.#broker(lane.leader);
        if (link && !leaders.has(link)) leaders.set(link, topic);
      }
    }
    return leaders;
  }

  #look(): void {
    this.connect();
    if (this.waits.length === 0) {
      this.#givingUp.idle();
      return;
    }
    this.#cluster.refresh();
    this.#givingUp.look();
  }
}
