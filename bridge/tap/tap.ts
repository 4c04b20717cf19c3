/**
 * Live messages of a running bridge, for a person to look at: as they come (`source`), as a rule makes rows of them (`rule:NAME`), as they are given to Kafka or MQTT
 * (`sink`), and when they fail (`dead-letters`).
 *
 * It must not be noticed. So it is in the way of messages only while somebody watches (flow/witness.ts), takes little of the time even then (what it costs is measured, and
 * what would be more is missed), copies what it shows, and holds a bounded number of these copies. An error of it ends the watch, and nothing else.
 */
import { MkbError } from '../../api/errors.ts';
import { nearest } from '../../api/nearest.ts';
import { filterProblem } from '../../rules/topic-filter.ts';
import type { Pipeline } from '../flow/pipeline.ts';
import type { Witness } from '../flow/witness.ts';
import { Credit } from './credit.ts';
import { cameMessage, lostMessage, madeRow, sentMessage, topicOfOrigin } from './tapped-message.ts';
import { type Passing, Watch, type WatchOptions } from './watch.ts';

/** How many may watch at once. */
const mostWatches = 16;
type Kind = 'source' | 'rule' | 'sink' | 'dead-letters';

/** How much time may go into what is shown of each kind of point. */
export interface TapTime {
  /** The part of all time. */
  readonly share: number;
  /** At once, milliseconds. */
  readonly burstMs: number;
}
const usualTime: TapTime = { share: 0.02, burstMs: 250 };
/** What one message is charged at most. */
const longestMs = 100;
const rulePrefix = 'rule:';

export class Tap {
  readonly #pipeline: Pick<Pipeline, 'show'>;
  readonly #ruleNames: () => readonly string[];
  readonly #watches = new Map<Watch, readonly string[]>();
  readonly #time: { readonly [kind in Kind]: Credit };
  /** By point. */
  #watching = new Map<string, readonly Watch[]>();
  #closed = false;
  /** Messages that watches that are over have missed. */
  #missedBefore = 0;

  /** @param ruleNames of the document that runs */
  constructor(pipeline: Pick<Pipeline, 'show'>, ruleNames: () => readonly string[], { share, burstMs } = usualTime) {
    this.#pipeline = pipeline;
    const credit = () => new Credit(share, burstMs);
    this.#time = { source: credit(), rule: credit(), sink: credit(), 'dead-letters': credit() };
    this.#ruleNames = ruleNames;
  }

  /** Every point there is now. */
  get points(): readonly string[] {
    return ['source', ...this.#ruleNames().map(name => `${rulePrefix}${name}`), 'sink', 'dead-letters'];
  }

  get watchers(): number {
    return this.#watches.size;
  }

  /** Messages that were not shown, since there were too many, to all that have watched. */
  get missed(): number {
    return [...this.#watches.keys()].reduce((sum, { missedInAll }) => sum + missedInAll, this.#missedBefore);
  }

  /**
   * Shows messages from now on, until `close`. Throws `tap-point-unknown`, `tap-filter-invalid`, `tap-too-many`.
   *
   * @param points one or more; a rule is watched by its name, also when a reload changes it
   * @param wake called outside of the flow when `take` has something to give, or the watch is over
   */
  watch(points: readonly string[], options: WatchOptions, wake: () => void): Watch {
    for (const point of points) this.#check(point);
    const reason = options.filter === undefined ? undefined : filterProblem(options.filter);
    if (reason !== undefined) throw new MkbError('tap-filter-invalid', { filter: options.filter!, reason });
    if (this.#watches.size >= mostWatches) throw new MkbError('tap-too-many', { most: mostWatches });
    const watch = new Watch(points, options, wake, () => this.#forget(watch));
    this.#watches.set(watch, [...new Set(points)]);
    this.#attach();
    if (this.#closed) watch.close('the bridge has ended');
    return watch;
  }

  /** Ends all watches, because the bridge ends. */
  close(): void {
    this.#closed = true;
    for (const watch of [...this.#watches.keys()]) watch.close('the bridge has ended');
  }

  #check(point: string): void {
    const { points } = this;
    if (points.includes(point)) return;
    throw new MkbError('tap-point-unknown', { point, points, meant: nearest(point, points) });
  }

  #forget(watch: Watch): void {
    this.#missedBefore += watch.missedInAll;
    this.#watches.delete(watch);
    this.#attach();
  }

  #attach(): void {
    this.#watching = new Map();
    for (const [watch, points] of this.#watches)
      for (const point of points) this.#watching.set(point, [...(this.#watching.get(point) ?? []), watch]);
    this.#pipeline.show(this.#witness());
  }

  /** Sees what somebody watches, and no more. */
  #witness(): Witness {
    const has = (point: string) => this.#watching.has(point);
    return {
      came: has('source') ? this.#came : undefined,
      made: rule => (has(`${rulePrefix}${rule}`) ? this.#made : undefined),
      sent: has('sink') ? this.#sent : undefined,
      lost: has('dead-letters') ? this.#lost : undefined,
    };
  }

  readonly #came: NonNullable<Witness['came']> = (source, message) => {
    // A row of a window is no message that came. It is seen where its rule is.
    if (source.name === 'windows') return;
    const topics = () => [topicOfOrigin(message)];
    this.#offer('source', { point: 'source', topics, show: most => cameMessage(source, message, most) });
  };

  readonly #made: ReturnType<NonNullable<Witness['made']>> = (rule, origin, captures, row) => {
    const topics = () => [topicOfOrigin(origin)];
    const point = `${rulePrefix}${rule.name}`;
    this.#offer('rule', { point, topics, show: most => madeRow(rule, origin, captures, row, most) });
  };

  readonly #sent: NonNullable<Witness['sent']> = (sink, origin, sent) => {
    const topics = () => [topicOfOrigin(origin), sent().topic];
    this.#offer('sink', { point: 'sink', topics, show: most => sentMessage(sink, sent(), most) });
  };

  readonly #lost: NonNullable<Witness['lost']> = lost => {
    const topics = () => [lost.remains.facts?.topic];
    this.#offer('dead-letters', { point: 'dead-letters', topics, show: most => lostMessage(lost, most) });
  };

  #offer(kind: Kind, passing: Passing): void {
    const now = performance.now();
    const time = this.#time[kind];
    const watches = this.#watching.get(passing.point) ?? [];
    if (!time.has(now)) {
      for (const watch of watches) watch.miss();
      return;
    }
    for (const watch of watches) watch.offer(now, passing);
    // To copy one message never takes long: then the machine stood still, which says nothing of the next.
    time.use(Math.min(performance.now() - now, longestMs));
  }
}
