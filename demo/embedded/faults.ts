/**
 * Scripted faults: what goes wrong, in which request, and how often.
 *
 * A fault names an API and, if it wishes, a node, a topic and a partition; the first `times` requests that match meet it. So a test
 * says exactly what goes wrong and when, and no clock or chance decides. Several faults may meet one request: their delays
 * follow one another, and each answers for its own partitions.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiName } from './apis/names.ts';
import { type CodeName, code } from './codes.ts';

export interface Fault {
  readonly api: ApiName;
  /** Only requests to this node. */
  readonly node?: number;
  /** Only requests that name this topic, and only what they say about it. */
  readonly topic?: string;
  readonly partition?: number;
  /** Matching requests that pass unharmed first. Default 0. */
  readonly skip?: number;
  /** How many requests meet the fault, `Infinity` for all. Default 1. */
  readonly times?: number;
  /** The error code to answer instead of doing what was asked. */
  readonly error?: number | CodeName;
  /** With `error`: do what was asked, and answer the error all the same (a batch appended, its acknowledgement lost). */
  readonly applied?: boolean;
  /** Short for `error: 'NOT_LEADER_OR_FOLLOWER'`. */
  readonly notLeader?: boolean;
  /**
   * Milliseconds to wait before the request is looked at. Requests behind it on the same connection wait too. It is applied
   * also if its client has gone meanwhile, as by Kafka; not if the node has died.
   */
  readonly delayMs?: number;
  /** Waits for this promise before the request is looked at: a delay that the test ends itself. */
  readonly until?: Promise<unknown>;
  /** Closes the connection instead of answering: before or after doing what was asked. */
  readonly drop?: 'before' | 'after';
  /** What the answer says as throttle time. The broker itself delays nothing. */
  readonly throttleMs?: number;
}

/** A fault that was added: how often it was met, and how to take it away. */
export interface AddedFault {
  readonly hits: number;
  /** Resolves as soon as `hits` has reached `count` (1 when not given). */
  met(count?: number): Promise<void>;
  remove(): void;
}

/** What a request names, for matching. */
export interface Target {
  readonly topic: string;
  readonly partition?: number;
}

class ScriptedFault implements AddedFault {
  readonly fault: Fault;
  readonly #remove: (fault: ScriptedFault) => void;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #skip: number;
  hits = 0;

  constructor(fault: Fault, remove: (fault: ScriptedFault) => void) {
    this.fault = fault;
    this.#skip = fault.skip ?? 0;
    this.#remove = remove;
  }

  met(count = 1): Promise<void> {
    if (this.hits >= count) return Promise.resolve();
    return new Promise(resolve => this.#waiting.push({ count, resolve }));
  }

  remove(): void {
    this.#remove(this);
  }

  matches(api: ApiName, node: number, targets: readonly Target[]): boolean {
    const { fault } = this;
    if (fault.api !== api || (fault.node !== undefined && fault.node !== node)) return false;
    return fault.topic === undefined || targets.some(target => names(fault, target.topic, target.partition));
  }

  /** Counts a request that matches. Returns whether it meets the fault. */
  meet(): boolean {
    if (this.#skip > 0) {
      this.#skip -= 1;
      return false;
    }
    this.hits += 1;
    if (this.hits >= (this.fault.times ?? 1)) this.remove();
    for (const waiting of this.#waiting) if (this.hits >= waiting.count) waiting.resolve();
    return true;
  }
}

function names(fault: Fault, topic: string | undefined, partition: number | undefined): boolean {
  if (fault.topic !== undefined && fault.topic !== topic) return false;
  return fault.partition === undefined || partition === undefined || fault.partition === partition;
}

export class Faults {
  readonly #faults: ScriptedFault[] = [];

  /** Adds a fault. One without an effect changes nothing and counts the requests that match it. */
  add(fault: Fault): AddedFault {
    const added = new ScriptedFault(fault, which => {
      const index = this.#faults.indexOf(which);
      if (index >= 0) this.#faults.splice(index, 1);
    });
    this.#faults.push(added);
    return added;
  }

  /** Takes all faults away. */
  clear(): void {
    this.#faults.length = 0;
  }

  /** The faults that one request meets, each counted once. */
  take(api: ApiName, node: number, targets: readonly Target[]): MetFaults {
    const matching = this.#faults.filter(each => each.matches(api, node, targets));
    return new MetFaults(matching.filter(each => each.meet()).map(each => each.fault));
  }
}

/** The faults of one request, asked by the broker as it goes along. */
export class MetFaults {
  readonly #faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  /** Ends when the request may be looked at. */
  async delay(): Promise<void> {
    for (const { delayMs, until } of this.#faults) {
      if (delayMs !== undefined) await pause(delayMs, undefined, { ref: false });
      if (until !== undefined) await until;
    }
  }

  drops(when: 'before' | 'after'): boolean {
    return this.#faults.some(fault => fault.drop === when);
  }

  get throttleMs(): number {
    return this.#faults.reduce((max, fault) => Math.max(max, fault.throttleMs ?? 0), 0);
  }

  /** The error to answer instead of acting, for the whole request or for one topic or partition of it; 0 for none. */
  instead(topic?: string, partition?: number): number {
    return this.#error(false, topic, partition);
  }

  /** The error to answer after having acted; 0 for none. */
  afterwards(topic?: string, partition?: number): number {
    return this.#error(true, topic, partition);
  }

  #error(applied: boolean, topic?: string, partition?: number): number {
    for (const fault of this.#faults) {
      const error = errorOf(fault);
      if (error !== code.NONE && (fault.applied ?? false) === applied && names(fault, topic, partition)) return error;
    }
    return code.NONE;
  }
}

function errorOf(fault: Fault): number {
  if (typeof fault.error === 'string') return code[fault.error];
  return fault.error ?? (fault.notLeader ? code.NOT_LEADER_OR_FOLLOWER : code.NONE);
}
