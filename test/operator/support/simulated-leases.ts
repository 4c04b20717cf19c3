/**
 * An API server of a simulated world that knows one Lease, and a network before it that delays and loses. A request whose caller has given
 * up may still arrive, and the answer to one that has arrived may not.
 */
import { MkbError } from '../../../api/errors.ts';
import type { CallOptions } from '../../../operator/runtime/client.ts';
import type { LeaderElectionOptions } from '../../../operator/runtime/leader-election.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import type { Machine, World } from './world.ts';

/** One way of a message: how long it takes, milliseconds; undefined for never. */
export type Transit = () => number | undefined;

export class SimulatedLeases {
  readonly #world: World;
  readonly #transit: Transit;
  /** The Lease; undefined when there is none. */
  object: KubeObject | undefined;
  /** How many requests have arrived. */
  requests = 0;
  #version = 0;

  constructor(world: World, transit: Transit = () => 5) {
    this.#world = world;
    this.#transit = transit;
  }

  get spec(): Record<string, unknown> {
    return (this.object?.spec ?? {}) as Record<string, unknown>;
  }

  /** What a machine reaches it with. @param reachable whether its network is there, asked on each way */
  clientOf(machine: Machine, reachable: () => boolean = () => true): LeaderElectionOptions['client'] {
    const send = <T>(options: CallOptions | undefined, answer: () => T) =>
      this.#send(machine, reachable, options, answer);
    return {
      get: (_kind, _key, options) => send(options, () => this.object),
      create: (_kind, object, options) => send(options, () => this.#create(object)),
      replace: (_kind, object, options) => send(options, () => this.replace(object)),
    };
  }

  #create(object: KubeObject): KubeObject {
    if (this.object) throw refusal('kube-already-exists');
    return this.#put(object);
  }

  replace(object: KubeObject): KubeObject {
    if (!this.object) throw refusal('kube-not-found');
    if (this.object.metadata.resourceVersion !== object.metadata.resourceVersion) throw refusal('kube-conflict');
    return this.#put(object);
  }

  #put(object: KubeObject): KubeObject {
    this.object = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    return this.object;
  }

  #send<T>(machine: Machine, reachable: () => boolean, options: CallOptions | undefined, answer: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    options?.signal?.addEventListener('abort', () => reject(options.signal!.reason));
    const travel = (then: () => void) => {
      const ms = this.#transit();
      if (ms !== undefined && reachable()) this.#world.plan(ms, then);
    };
    travel(() => {
      this.requests++;
      const settle = outcomeOf(answer, resolve, reject);
      travel(() => machine.reach(settle));
    });
    return promise;
  }
}

/** Gets the answer now, and tells it later. */
function outcomeOf<T>(answer: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
  try {
    const value = answer();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}

const refusal = (code: 'kube-conflict' | 'kube-already-exists' | 'kube-not-found'): MkbError =>
  new MkbError(code, { action: 'write Lease', reason: 'simulated' });
