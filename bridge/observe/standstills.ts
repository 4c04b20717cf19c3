/** What keeps records from Kafka, or in it, in words: for /readyz and the log. */
import { MkbError } from '../../api/errors.ts';
import type { UnreachableLeader, Wait } from '../kafka/waits.ts';
import type { Logger } from './log.ts';
import { type Standstill, StandstillLog, toldApart } from './standstill-log.ts';

/** What a way over Kafka knows of it. */
export interface KafkaSide {
  /** Whether at least one broker is connected. */
  readonly connected: boolean;
  /** Leaders that cannot be reached. */
  readonly unreachable: readonly UnreachableLeader[];
  /** Topics that records wait for. */
  readonly waits: readonly Wait[];
}

const everyMs = 1000;

export class Standstills {
  readonly #sides: readonly KafkaSide[];
  readonly #heldBack: () => number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param sides the first tells whether Kafka is connected
   * @param heldBack how many acknowledgements wait for those of messages before them
   */
  constructor(sides: readonly KafkaSide[], heldBack: () => number) {
    this.#sides = sides;
    this.#heldBack = heldBack;
  }

  /** Whether at least one broker is connected. */
  get connected(): boolean {
    return this.#sides[0]?.connected ?? true;
  }

  /** Whether each leader that is needed can be reached as well. */
  get reached(): boolean {
    return this.connected && this.#unreachable.length === 0;
  }

  /** Topics that records wait for. */
  get waits(): readonly Wait[] {
    return this.#sides.flatMap(({ waits }) => waits);
  }

  /** Why records wait, and what that holds back; empty while none does. */
  get reasons(): string[] {
    const all = this.#all;
    const reasons = all.slice(0, toldApart).map(({ reason }) => reason);
    if (all.length > toldApart) reasons.push(`and ${all.length - toldApart} more of these`);
    const heldBack = this.#heldBack();
    if (all.length > 0 && heldBack > 0)
      reasons.push(`${heldBack} acknowledgements are held back: they leave in the order in which their messages came`);
    return reasons;
  }

  /** Logs what there is from now on. @param address where Kafka is looked for */
  watch(log: Logger, bridge: string, address: string): void {
    if (this.#closed) return;
    const lines = new StandstillLog(log, bridge);
    this.#timer = setInterval(() => {
      const all = this.connected ? this.#all : [away(address), ...this.#all];
      lines.look(all, this.#heldBack(), performance.now());
    }, everyMs).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  get #unreachable(): UnreachableLeader[] {
    // With no broker connected, it is not the address of a leader that is wrong.
    if (!this.connected) return [];
    const leaders = this.#sides.flatMap(({ unreachable }) => unreachable);
    return [...new Map(leaders.map(leader => [leader.address, leader])).values()];
  }

  get #all(): (Standstill & { readonly reason: string })[] {
    return [
      ...this.#unreachable.map(leader => {
        const error = new MkbError('kafka-leader-unreachable', leader);
        // Nobody guesses that it is a setting of the broker; why a topic waits is in its message.
        const reason = `${error.message} ${error.remedy}`;
        return { key: `leader ${leader.address}`, error, reason, over: `Kafka at ${leader.address} is reached again.` };
      }),
      ...this.waits.map(({ topic, records, seconds, reason }) => {
        const error = new MkbError('kafka-topic-waits', { topic, records, seconds: Math.floor(seconds), reason });
        return {
          key: `topic ${topic}`,
          error,
          reason: error.message,
          over: `Nothing waits for topic ${topic} any more.`,
        };
      }),
    ];
  }
}

const away = (address: string): Standstill => ({
  key: 'kafka',
  error: new MkbError('kafka-unreachable', { address, reason: 'no broker is connected' }),
  over: 'Kafka is connected again.',
});
