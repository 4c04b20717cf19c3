/**
 * The topics that a consumer reads: those that rules name, and those of the cluster that their patterns match now.
 *
 * All topics of the cluster are looked through every `discoverEveryMs`, and before each time that we join the group: so the members that join
 * for a new topic all know it, and the group is made up once for it. A topic that is gone is dropped when two looks in a row do not find it,
 * for a broker that has just started may not know all of them.
 */

import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { isInternalTopic, matchTopic, type TopicPattern } from '../../../rules/topic-pattern.ts';
import type { Cluster } from '../cluster.ts';
import { unknownTopic } from '../topic-error.ts';
import type { TopicLives } from './topic-lives.ts';

export interface Wanted {
  /** Topics that rules name. */
  readonly names: readonly string[];
  /** Patterns, with the text that rules have. */
  readonly patterns: ReadonlyMap<string, TopicPattern>;
  /** What no pattern matches: where dead letters go. */
  readonly except: ReadonlySet<string>;
  readonly discoverEveryMs: number;
}

/** The pause before a second look, when a topic was not found by the first, milliseconds. */
const soonMs = 1000;

export class Subscription {
  readonly #wanted: Wanted;
  readonly #cluster: Cluster;
  readonly #lives: TopicLives;
  readonly #changed: () => void;
  readonly #problem: (error: MkbError) => void;
  #matched: ReadonlySet<string> | undefined;
  /** Topics that the last look did not find, and the one before did. */
  #missed: ReadonlySet<string> = new Set();
  /** Patterns that matched nothing at the last look. */
  #idle = new Set<string>();
  #topics: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;

  /** @param changed called when there are other topics than before */
  constructor(
    wanted: Wanted,
    cluster: Cluster,
    lives: TopicLives,
    changed: () => void,
    problem: (error: MkbError) => void,
  ) {
    this.#wanted = wanted;
    this.#cluster = cluster;
    this.#lives = lives;
    this.#changed = changed;
    this.#problem = problem;
    this.#topics = wanted.names;
  }

  /** In order, each once. */
  get topics(): readonly string[] {
    return this.#topics;
  }

  /** Looks through the topics of the cluster. Throws as `Cluster.list`. */
  look(): Promise<void> {
    if (this.#wanted.patterns.size === 0) return Promise.resolve();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Looks from now on, again and again. */
  start(): void {
    this.#lookIn(this.#wanted.discoverEveryMs);
  }

  /** Looks soon if metadata does not have a topic any more. */
  metadataRead(): void {
    for (const topic of this.#matched ?? []) {
      if (this.#cluster.topic(topic)?.errorCode !== unknownTopic) continue;
      this.#lookIn(soonMs);
      return;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #lookIn(pauseMs: number): void {
    if (this.#closed || this.#wanted.patterns.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const again = await this.look().then(
        () => this.#missed.size > 0,
        error => {
          this.#problem(asMkbError(error));
          return true;
        },
      );
      this.#lookIn(again ? Math.min(soonMs, this.#wanted.discoverEveryMs) : this.#wanted.discoverEveryMs);
    }, pauseMs);
  }

  async #look(): Promise<void> {
    const { names, patterns, except } = this.#wanted;
    const idle = new Set(patterns.keys());
    const found = await this.#cluster.list((topic, isInternal) => {
      if (isInternal || isInternalTopic(topic) || except.has(topic)) return false;
      let matches = false;
      for (const [text, pattern] of patterns) {
        if (matchTopic(pattern, topic) === undefined) continue;
        matches = true;
        idle.delete(text);
      }
      return matches;
    });
    if (this.#closed) return;
    const before = this.#matched;
    const missed = [...(before ?? [])].filter(topic => !found.has(topic));
    const kept = missed.filter(topic => !this.#missed.has(topic));
    this.#missed = new Set(kept);
    this.#matched = new Set([...found.keys(), ...kept]);
    for (const topic of found.keys()) if (before && !before.has(topic)) this.#lives.appeared(topic);
    this.#report(idle);
    const topics = [...new Set([...names, ...this.#matched])].sort();
    if (topics.join() === this.#topics.join()) return;
    for (const topic of this.#topics) if (!topics.includes(topic)) this.#cluster.forget(topic);
    // How many partitions they have must be known by the time that they are dealt out.
    await this.#cluster.read(topics);
    this.#topics = topics;
    this.#changed();
  }

  /** Once for each pattern, and again when it has matched something meanwhile. */
  #report(idle: Set<string>): void {
    for (const pattern of idle)
      if (!this.#idle.has(pattern)) this.#problem(new MkbError('kafka-pattern-unmatched', { pattern }));
    this.#idle = idle;
  }
}
