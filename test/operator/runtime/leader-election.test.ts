import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pause } from '../../../operator/runtime/clock.ts';
import { LeaderElection } from '../../../operator/runtime/leader-election.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { quietLog } from '../support/quiet-log.ts';
import { SimulatedLeases } from '../support/simulated-leases.ts';
import { Machine, World } from '../support/world.ts';

const lease = { namespace: 'system', name: 'operator' };

/** A process that wants to lead, on a machine of its own. */
class Candidate {
  readonly machine: Machine;
  readonly election: LeaderElection;
  readonly log = quietLog();
  readonly #stopping = new AbortController();
  reachable = true;
  /** The signal of the work, once it has begun. */
  working: AbortSignal | undefined;
  ended: 'stopped' | 'lost' | undefined;
  /** The work goes on until this settles, whatever its signal says. */
  lingering: Promise<void> = Promise.resolve();

  constructor(world: World, leases: SimulatedLeases, identity: string, rate = 1) {
    this.machine = new Machine(world, rate);
    const client = leases.clientOf(this.machine, () => this.reachable);
    this.election = new LeaderElection({ client, lease, identity, log: this.log, clock: this.machine });
    const ended = this.election.run(async signal => {
      this.working = signal;
      await pause(this.machine, 1e12, signal);
      await this.lingering;
    }, this.#stopping.signal);
    void ended.then(how => {
      this.ended = how;
    });
  }

  /** Whether it might do something at this moment. */
  get acts(): boolean {
    return this.machine.running && this.ended === undefined && this.election.leads();
  }

  stop(): void {
    this.#stopping.abort();
  }
}

function stage() {
  const world = new World();
  const leases = new SimulatedLeases(world);
  return { world, leases, candidate: (identity: string) => new Candidate(world, leases, identity) };
}

/** One that leads, and one that waits. */
async function leaderAndStandby() {
  const { candidate, ...rest } = stage();
  const leader = candidate('leader');
  await rest.world.until(() => leader.election.leads());
  const standby = candidate('standby');
  await rest.world.pass(5000);
  return { ...rest, candidate, leader, standby };
}

describe('the Lease', () => {
  it('says who holds it, since when and how long, in the form that Kubernetes takes', async () => {
    const { world, leases, candidate } = stage();
    const first = candidate('first');
    await world.until(() => first.election.leads());
    expect(leases.object).toMatchObject({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: lease });
    expect(leases.spec).toEqual({
      holderIdentity: 'first',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.010000Z',
      renewTime: '2026-01-01T00:00:00.010000Z',
      leaseTransitions: 0,
    });
  });

  it('is renewed each 2 s and a bit, with one request', async () => {
    const { world, leases, candidate } = stage();
    const first = candidate('first');
    await world.until(() => first.election.leads());
    const before = leases.requests;
    await world.pass(240_000);
    expect(leases.requests - before).toBeGreaterThanOrEqual(100);
    expect(leases.requests - before).toBeLessThanOrEqual(120);
    expect(leases.spec).toMatchObject({ acquireTime: '2026-01-01T00:00:00.010000Z', leaseTransitions: 0 });
  });

  it('passes on at once when its holder stops', async () => {
    const { world, leases, leader, standby } = await leaderAndStandby();
    leader.stop();
    await world.until(() => standby.election.leads(), 2500);
    expect(leader.ended).toBe('stopped');
    expect(leases.spec).toMatchObject({ holderIdentity: 'standby', leaseTransitions: 1 });
  });

  it('passes on after its duration when its holder is gone', async () => {
    const { world, leader, standby } = await leaderAndStandby();
    leader.machine.stop('frozen');
    const goneAt = world.now;
    await world.until(() => standby.election.leads());
    expect(world.now - goneAt).toBeGreaterThan(15_000 - 2400);
    expect(world.now - goneAt).toBeLessThan(15_000 + 2 * 2400);
  });

  it('stays with its holder while that ends its work, although it was asked to stop', async () => {
    const { world, leader, standby } = await leaderAndStandby();
    const { promise, resolve } = Promise.withResolvers<void>();
    leader.lingering = promise;
    leader.stop();
    await world.pass(60_000);
    expect([leader.election.leads(), standby.election.leads()]).toEqual([true, false]);
    resolve();
    await world.until(() => standby.election.leads(), 2500);
  });

  it('stays with its holder when a person writes a label on it', async () => {
    const { world, leases, leader } = await leaderAndStandby();
    const { metadata, ...rest } = leases.object!;
    leases.replace({ ...rest, metadata: { ...metadata, labels: { team: 'a' } } } as KubeObject);
    await world.pass(30_000);
    expect(leader.ended).toBeUndefined();
    expect(leases.object?.metadata.labels).toEqual({ team: 'a' });
  });

  it('is taken back by one whose own writing of it was never answered', async () => {
    const { world, leases, candidate } = stage();
    const first = candidate('first');
    await world.pass(5);
    expect(leases.requests).toBe(1);
    await world.pass(6);
    first.reachable = false;
    await world.pass(10);
    expect([leases.spec.holderIdentity, first.election.leads()]).toEqual(['first', false]);
    first.reachable = true;
    await world.until(() => first.election.leads(), 8000);
    expect(leases.spec.leaseTransitions).toBe(0);
  });
});

describe('a leader', () => {
  it('that cannot renew stops after 10 s, before another may begin', async () => {
    const { world, leader, standby } = await leaderAndStandby();
    leader.reachable = false;
    const since = world.now;
    await world.until(() => leader.working!.aborted);
    expect(world.now - since).toBeLessThanOrEqual(10_000);
    expect(leader.working!.reason).toMatchObject({ code: 'leadership-lost' });
    expect(standby.election.leads()).toBe(false);
    await world.until(() => leader.ended === 'lost', 1);
    await world.until(() => standby.election.leads());
  });

  it('goes on through an outage of the API server that is shorter than that', async () => {
    const { world, leader } = await leaderAndStandby();
    leader.reachable = false;
    await world.pass(6000);
    leader.reachable = true;
    await world.pass(60_000);
    expect([leader.ended, leader.election.leads()]).toEqual([undefined, true]);
  });

  it.each([
    'frozen',
    'suspended',
  ] as const)('that was %s knows before anything else that it leads no more', async how => {
    const { world, leader, standby } = await leaderAndStandby();
    leader.machine.stop(how);
    await world.until(() => standby.election.leads());
    let first: unknown;
    leader.machine.reach(() => {
      try {
        leader.election.assertLeader();
      } catch (error) {
        first = error;
      }
    });
    leader.machine.goOn();
    expect(first).toMatchObject({ code: 'leadership-lost', kind: 'permanent' });
    await world.until(() => leader.ended === 'lost');
  });

  it('that was late once never leads again, although the Lease is still its own', async () => {
    const { world, leases, candidate } = stage();
    const only = candidate('only');
    await world.until(() => only.election.leads());
    only.machine.stop('frozen');
    await world.pass(11_000);
    only.machine.goOn();
    await world.pass(60_000);
    expect([only.ended, only.election.leads(), leases.spec.holderIdentity]).toEqual(['lost', false, 'only']);
  });

  // It led until the answer came, and a reconcile that had outlived the work could still write beside the next leader.
  it('leads no more from before it gives the Lease back', async () => {
    const { world, leases, leader } = await leaderAndStandby();
    leader.stop();
    await world.until(() => leases.spec.holderIdentity === '');
    expect([leader.ended, leader.election.leads()]).toEqual([undefined, false]);
  });

  it('that was late while its renewal was under way does not lead by the answer', async () => {
    const { world, leases, candidate } = stage();
    const only = candidate('only');
    await world.until(() => only.election.leads());
    const before = leases.requests;
    await world.until(() => leases.requests > before);
    only.machine.stop('frozen');
    await world.pass(8500);
    only.machine.goOn();
    await world.pass(0);
    expect([only.election.leads(), only.ended]).toEqual([false, 'lost']);
  });

  it('ends when its Lease was deleted: another may have made one', async () => {
    const { world, leases, leader } = await leaderAndStandby();
    leases.object = undefined;
    await world.until(() => leader.ended !== undefined);
    expect(leader.ended).toBe('lost');
  });

  it('whose work fails while it renews gives the Lease back, and says why', async () => {
    const world = new World();
    const leases = new SimulatedLeases(world, () => 400);
    const machine = new Machine(world);
    const client = leases.clientOf(machine);
    const options = { client, lease, identity: 'first', log: quietLog(), clock: machine, random: () => 0 };
    const election = new LeaderElection(options);
    const fault = new Error('a fault');
    const never = new AbortController().signal;
    const work = async () => {
      await pause(machine, 2400, never);
      throw fault;
    };
    const ended = election.run(work, never).catch(error => error);
    await world.until(() => leases.spec.holderIdentity === '', 20_000);
    await world.pass(2000);
    expect(await ended).toBe(fault);
  });
});

/** Something that goes wrong with a candidate, or with a path of the network, for a while. */
const fault = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom('frozen', 'suspended', 'unreachable', 'stopped'),
  at: fc.nat(200_000),
  forMs: fc.oneof(fc.nat(3000), fc.nat(60_000)),
});

const scenario = fc.record({
  /** The longest duration and the shortest deadline are apart by the half: so much clocks may differ, and no more. */
  rates: fc.array(fc.double({ min: 0.85, max: 1.15, noNaN: true }), { minLength: 3, maxLength: 3 }),
  faults: fc.array(fault, { maxLength: 12 }),
  transits: fc.infiniteStream(
    fc.oneof(
      { weight: 20, arbitrary: fc.nat(50) as fc.Arbitrary<number | undefined> },
      { weight: 3, arbitrary: fc.nat(20_000) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  ),
});

describe('whatever goes wrong with clocks, machines and the network', () => {
  it('never two lead at once, and one leads again when all is well', async () => {
    let led = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ rates, faults, transits }) => {
        const world = new World();
        const stream = transits[Symbol.iterator]();
        let well = false;
        const leases = new SimulatedLeases(world, () => (well ? 5 : stream.next().value));
        let born = 0;
        const start = (rate: number) => new Candidate(world, leases, `process-${born++}`, rate);
        const candidates = rates.map(start);
        for (const { who, what, at, forMs } of faults) {
          world.plan(at, () => begin(candidates[who]!, what));
          world.plan(at + forMs, () => end(candidates[who]!, what));
        }
        const look = () => {
          const acting = candidates.filter(each => each.acts);
          led += acting.length;
          if (acting.length > 1) throw new Error(`${acting.length} lead at ${world.now}.`);
          // What has ended is started again, as the kubelet does.
          for (const [at, each] of candidates.entries()) if (each.ended) candidates[at] = start(rates[at]!);
        };
        await world.pass(200_000, look);
        well = true;
        for (const each of candidates) {
          each.machine.goOn();
          each.reachable = true;
        }
        await world.pass(60_000, look);
        expect(candidates.filter(each => each.acts)).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
    expect(led).toBeGreaterThan(1000);
  });
});

function begin(candidate: Candidate, what: string): void {
  if (what === 'unreachable') candidate.reachable = false;
  else if (what === 'stopped') candidate.stop();
  else if (what === 'frozen' || what === 'suspended') candidate.machine.stop(what);
}

function end(candidate: Candidate, what: string): void {
  if (what === 'unreachable') candidate.reachable = true;
  else if (what === 'frozen' || what === 'suspended') candidate.machine.goOn();
}
