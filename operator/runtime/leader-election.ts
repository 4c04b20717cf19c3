/**
 * One of several processes works, the others wait: whoever holds the Lease, an object that all of them try to write.
 *
 * The holder writes the time into it every few seconds. Another takes it when the Lease has not changed for its whole duration, reckoned
 * by the other's own clock from when it saw the last change: clocks of two machines are never compared. The API server lets only one of
 * two writers through, as both name the version that they have read.
 *
 * The holder must be sure to have stopped before another may begin. So it gives up when it could not renew within a time shorter than the
 * duration, counted from before its last successful write was sent; clocks may go wrong by the ratio of the two, a half as it is
 * here. A renewal names the version that the holder wrote before, and so proves that nobody held the Lease in between.
 *
 * The case that surprises: a process that was frozen wakes up in the middle of its work, with its timers late, and another leads by now.
 * So before each thing that must not be done by two, ask `leads()`, which looks at the clock itself. The monotonic clock stands still while a
 * virtual machine is suspended, the time of day may be set: whichever of the two says that it is later counts. A leader that was late
 * once never leads again, for it may have been overtaken twice; its process ends.
 *
 * What is left is a request that is sent while we lead and arrives when we do not. Only the object's own version can fence that off.
 * https://kubernetes.io/docs/concepts/architecture/leases/
 */
import { MkbError } from '../../api/errors.ts';
import type { ApiClient } from './client.ts';
import { type Clock, pause, systemClock } from './clock.ts';
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
  /**
   * How long others wait after the last renewal, seconds; whole. A holder that cannot renew goes on for two thirds of that; it is tried
   * each two fifteenths, and up to a fifth later at random. With 15, the default, these are the 15, 10 and 2 s that others have, too.
   */
  readonly leaseSeconds?: number;
  readonly clock?: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A moment by both clocks. */
interface Moment {
  readonly now: number;
  readonly date: number;
}

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leaseSeconds: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  readonly #clock: Clock;
  /** The Lease as last read or written, and when it was first seen so. */
  #seen: { readonly object: KubeObject; readonly at: number } | undefined;
  /** When the last successful renewal was sent; undefined while another leads, and when we did and were late. */
  #renewed: Moment | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseSeconds = options.leaseSeconds ?? 15;
    this.#renewDeadlineMs = (this.#leaseSeconds * 1000 * 2) / 3;
    this.#retryMs = (this.#leaseSeconds * 1000 * 2) / 15;
    this.#clock = options.clock ?? systemClock;
  }

  /** Whether we hold the Lease at this moment. */
  leads(): boolean {
    if (this.#leftMs() <= 0) this.#renewed = undefined;
    return this.#renewed !== undefined;
  }

  /** @throws leadership-lost unless we hold the Lease at this moment */
  assertLeader(): void {
    if (!this.leads()) throw this.#lost();
  }

  /**
   * Waits until we lead, works, and gives the Lease back. To be called once.
   *
   * @param work its signal is aborted when `signal` is, and when the Lease is lost. The Lease is renewed until it has ended.
   * @returns `lost` when the Lease was lost before the work had ended: another may lead, and this process must end
   * @throws what `work` throws
   */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'stopped' | 'lost'> {
    if (!(await this.#acquire(signal))) return 'stopped';
    const { lease, identity, log } = this.#options;
    log.info({ lease, identity }, 'leading');
    const lost = new AbortController();
    const ended = new AbortController();
    const working = work(AbortSignal.any([signal, lost.signal])).finally(() => ended.abort());
    // Its error is thrown below; until then it must not count as one that nobody handles.
    working.catch(() => undefined);
    const kept = await this.#keep(ended.signal);
    if (!kept) {
      lost.abort(this.#lost());
      log.error({ lease, identity, err: lost.signal.reason }, 'another may lead: ending');
    }
    try {
      await working;
    } finally {
      // First, as another may lead as soon as the Lease is free: before we hear of it.
      this.#renewed = undefined;
      if (kept) await this.#try('give back', 2000, limit => this.#release(limit));
    }
    return kept ? 'stopped' : 'lost';
  }

  /** Tries until we lead (true) or the signal is aborted (false). */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await this.#try('take', this.#renewDeadlineMs / 2, limit => this.#take(limit));
      if (this.leads()) return true;
      await this.#pause(signal);
    }
    return false;
  }

  /** Renews until the work has ended (true) or we do not lead any more (false). */
  async #keep(ended: AbortSignal): Promise<boolean> {
    while (!ended.aborted) {
      await this.#pause(ended);
      if (!this.leads()) return false;
      const limitMs = Math.min(this.#renewDeadlineMs / 2, this.#leftMs());
      if (!ended.aborted) await this.#try('renew', limitMs, limit => this.#renew(limit));
      if (!this.leads()) return false;
    }
    return true;
  }

  /** How long we lead without another renewal, milliseconds; below zero when it was to come before now. */
  #leftMs(): number {
    if (!this.#renewed) return 0;
    const { now, date } = this.#moment();
    return this.#renewDeadlineMs - Math.max(now - this.#renewed.now, date - this.#renewed.date);
  }

  #moment(): Moment {
    return { now: this.#clock.now(), date: this.#clock.date().getTime() };
  }

  /** Waits for the next attempt; while we lead, never beyond the deadline. */
  async #pause(signal: AbortSignal): Promise<void> {
    const random = this.#options.random ?? Math.random;
    const ms = this.#retryMs * (1 + 0.2 * random());
    await pause(this.#clock, this.#renewed ? Math.min(ms, Math.max(0, this.#leftMs())) : ms, signal);
  }

  /**
   * One attempt with a limit of time. It is never cut by a signal of ours: a write that may or may not have arrived would keep the Lease from
   * others for its whole duration.
   */
  async #try(action: string, limitMs: number, attempt: (limit: AbortSignal) => Promise<void>): Promise<void> {
    const { log, lease } = this.#options;
    const limit = new AbortController();
    const cancel = this.#clock.after(limitMs, () =>
      limit.abort(new MkbError('kube-timeout', { action: `${action} the lease ${lease.name}`, waitedMs: limitMs })),
    );
    try {
      await attempt(limit.signal);
    } catch (error) {
      const raced = MkbError.is(error, 'kube-conflict') || MkbError.is(error, 'kube-already-exists');
      if (!raced) log.warn({ lease, err: error }, `an attempt to ${action} the lease failed`);
    } finally {
      cancel();
    }
  }

  /** Takes the Lease if we may. */
  async #take(signal: AbortSignal): Promise<void> {
    const { client, lease, identity } = this.#options;
    const object = await client.get(leaseKind, lease, { signal });
    if (object === undefined) {
      this.#renewed = await this.#write(sent => client.create(leaseKind, sent, { signal }), {});
      return;
    }
    this.#see(object);
    const { holderIdentity, leaseDurationSeconds = this.#leaseSeconds } = specOf(object);
    const free = !holderIdentity || this.#clock.now() - this.#seen!.at >= leaseDurationSeconds * 1000;
    // An attempt whose answer was lost may have made us the holder.
    if (!free && holderIdentity !== identity) return;
    this.#renewed = await this.#write(sent => client.replace(leaseKind, sent, { signal }), object);
  }

  /** Renews the Lease that we hold, or finds that we do not. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { client, lease, identity } = this.#options;
    const renew = async (old: KubeObject) => {
      const moment = await this.#write(sent => client.replace(leaseKind, sent, { signal }), old);
      if (this.leads()) this.#renewed = moment;
    };
    try {
      return await renew(this.#seen!.object);
    } catch (error) {
      if (!MkbError.is(error, 'kube-conflict') && !MkbError.is(error, 'kube-not-found')) throw error;
    }
    // Somebody has written: us, when the answer was lost; a person who added a label; or another that leads.
    const object = await client.get(leaseKind, lease, { signal });
    if (object && specOf(object).holderIdentity === identity) await renew(object);
    else this.#renewed = undefined;
  }

  /** Writes that we hold the Lease from now on, or still. Returns when that was sent. */
  async #write(send: (object: KubeObject) => Promise<KubeObject>, old: Partial<KubeObject>): Promise<Moment> {
    const { lease, identity } = this.#options;
    const moment = this.#moment();
    const time = this.#time();
    const { holderIdentity, acquireTime, leaseTransitions = -1 } = specOf(old);
    const mine = holderIdentity === identity;
    const spec: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: this.#leaseSeconds,
      acquireTime: mine ? acquireTime : time,
      renewTime: time,
      leaseTransitions: mine ? leaseTransitions : leaseTransitions + 1,
    };
    const { apiVersion, kind } = leaseKind;
    this.#see(await send({ apiVersion, kind, metadata: old.metadata ?? { ...lease }, spec }));
    return moment;
  }

  #see(object: KubeObject): void {
    const known = this.#seen?.object.metadata.resourceVersion === object.metadata.resourceVersion;
    if (!known) this.#seen = { object, at: this.#clock.now() };
  }

  /** RFC 3339 with microseconds, which is what a Lease takes. */
  #time(): string {
    return this.#clock.date().toISOString().replace('Z', '000Z');
  }

  /** Lets another begin at once. */
  async #release(signal: AbortSignal): Promise<void> {
    const { client, lease, identity } = this.#options;
    const object = await client.get(leaseKind, lease, { signal });
    if (!object || specOf(object).holderIdentity !== identity) return;
    const spec = { ...specOf(object), holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#time() };
    await client.replace(leaseKind, { ...object, spec }, { signal });
  }

  #lost(): MkbError {
    return new MkbError('leadership-lost', { lease: this.#options.lease.name });
  }
}

const specOf = (object: Partial<KubeObject>): LeaseSpec => (object.spec ?? {}) as LeaseSpec;
