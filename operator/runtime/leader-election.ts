/**
 * One of several processes works, the others wait: whoever holds the Lease, an object that all of them try to write.
 *
 * The holder writes the time into it every few seconds. Another takes it when the Lease has not changed for its whole duration, reckoned
 * by the other's own clock from when it saw the change: clocks of two machines are never compared. The API server lets only one of two
 * writers through, as both name the version that they have read.
 *
 * The holder must be sure to have stopped before another may begin. It gives up when it could not renew within a time shorter than the
 * duration, counted from before its last successful write was sent. A process that was frozen wakes with its timers late: so before each thing
 * that must not be done by two, ask `leads()`, which looks at the monotonic clock itself.
 * https://kubernetes.io/docs/concepts/architecture/leases/
 */
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../../api/errors.ts';
import type { ApiClient } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import type { Log } from './log.ts';
import type { KubeObject, ObjectKey } from './object.ts';

export const leaseKind: ResourceKind = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export interface LeaderElectionOptions {
  readonly client: Pick<ApiClient, 'get' | 'create' | 'replace'>;
  readonly lease: ObjectKey;
  /** Who we are: unique to the process, such as the Pod's name and a random number. */
  readonly identity: string;
  readonly log: Log;
  /** How long others wait after the last renewal, seconds. */
  readonly leaseSeconds?: number;
  /** How long a holder that cannot renew goes on, milliseconds; shorter than the lease. */
  readonly renewDeadlineMs?: number;
  /** How often it is tried, milliseconds. */
  readonly retryMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly wallClock?: () => Date;
  readonly random?: () => number;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leaseSeconds: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  readonly #now: () => number;
  readonly #sleep: NonNullable<LeaderElectionOptions['sleep']>;
  /** The Lease as last read, and when it was first seen so. */
  #seen: { readonly object: KubeObject; readonly at: number } | undefined;
  /** When the last successful renewal was sent; undefined while another leads. */
  #renewedAt: number | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseSeconds = options.leaseSeconds ?? 15;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2000;
    this.#now = options.now ?? (() => performance.now());
    this.#sleep = options.sleep ?? ((ms, signal) => pause(ms, undefined, { signal }));
  }

  /** Whether we hold the Lease at this moment. */
  leads(): boolean {
    return this.#renewedAt !== undefined && this.#now() - this.#renewedAt < this.#renewDeadlineMs;
  }

  /**
   * Waits until we lead, works, and gives the Lease back.
   *
   * @param work its signal is aborted when `signal` is, and when the Lease is lost
   * @returns whether the Lease was lost while we worked
   */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'stopped' | 'lost'> {
    while (!(await this.#try(signal))) if (!(await this.#wait(signal))) return 'stopped';
    this.#options.log.info({ lease: this.#options.lease, identity: this.#options.identity }, 'leading');
    const lost = new AbortController();
    const working = work(AbortSignal.any([signal, lost.signal]));
    const kept = await this.#keep(signal);
    if (!kept) lost.abort(new MkbError('leadership-lost', { lease: this.#options.lease.name }));
    await working;
    if (kept) await this.#release();
    this.#renewedAt = undefined;
    return kept ? 'stopped' : 'lost';
  }

  /** Renews until the signal is aborted (true) or the deadline has passed (false). */
  async #keep(signal: AbortSignal): Promise<boolean> {
    while (await this.#wait(signal)) {
      await this.#try(signal);
      if (!this.leads()) return false;
    }
    return true;
  }

  async #wait(signal: AbortSignal): Promise<boolean> {
    const random = this.#options.random ?? Math.random;
    await this.#sleep(this.#retryMs * (1 + 0.2 * random()), signal).catch(() => undefined);
    return !signal.aborted;
  }

  /** Takes or renews the Lease if we may. Returns whether it is ours. */
  async #try(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1000, this.#renewDeadlineMs / 2))]);
    try {
      return await this.#write(limit);
    } catch (error) {
      if (!signal.aborted) {
        const lostRace = MkbError.is(error, 'kube-conflict') || MkbError.is(error, 'kube-already-exists');
        if (!lostRace)
          this.#options.log.warn({ lease: this.#options.lease, err: error }, 'the lease cannot be renewed');
      }
      return false;
    }
  }

  async #write(signal: AbortSignal): Promise<boolean> {
    const { client, lease, identity } = this.#options;
    const sentAt = this.#now();
    const object = await client.get(leaseKind, lease, { signal });
    if (object === undefined) {
      this.#ours(await client.create(leaseKind, this.#object({ leaseTransitions: 0 }), { signal }), sentAt);
      return true;
    }
    if (this.#seen?.object.metadata.resourceVersion !== object.metadata.resourceVersion) {
      this.#seen = { object, at: this.#now() };
    }
    const spec = (object.spec ?? {}) as LeaseSpec;
    const mine = spec.holderIdentity === identity;
    if (!mine && spec.holderIdentity) {
      this.#renewedAt = undefined;
      const waitMs = (spec.leaseDurationSeconds ?? this.#leaseSeconds) * 1000;
      if (this.#now() - this.#seen!.at < waitMs) return false;
    }
    const next = mine
      ? this.#object(spec, object)
      : this.#object({ leaseTransitions: (spec.leaseTransitions ?? 0) + 1 }, object);
    this.#ours(await client.replace(leaseKind, next, { signal }), sentAt);
    return true;
  }

  #ours(object: KubeObject, sentAt: number): void {
    this.#seen = { object, at: this.#now() };
    this.#renewedAt = sentAt;
  }

  /** RFC 3339 with microseconds, which is what a Lease takes. */
  #time(): string {
    return (this.#options.wallClock?.() ?? new Date()).toISOString().replace('Z', '000Z');
  }

  #object(spec: LeaseSpec, old?: KubeObject): KubeObject {
    const { lease, identity } = this.#options;
    const now = this.#time();
    return {
      apiVersion: leaseKind.apiVersion,
      kind: leaseKind.kind,
      metadata: old?.metadata ?? { ...lease },
      spec: {
        acquireTime: now,
        ...spec,
        holderIdentity: identity,
        leaseDurationSeconds: this.#leaseSeconds,
        renewTime: now,
      },
    };
  }

  /** Lets another begin at once. */
  async #release(): Promise<void> {
    if (!this.#seen || !this.leads()) return;
    const { client, log, lease } = this.#options;
    const spec = { ...(this.#seen.object.spec as LeaseSpec), holderIdentity: '', leaseDurationSeconds: 1 };
    try {
      await client.replace(leaseKind, { ...this.#seen.object, spec }, { signal: AbortSignal.timeout(2000) });
    } catch (error) {
      log.warn({ lease, err: error }, 'the lease could not be given back; another takes it when it has run out');
    }
  }
}
