import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Priority, WorkQueue } from '../../../operator/runtime/work-queue.ts';
import { Machine, World } from '../support/world.ts';

const never = new AbortController().signal;
const live = ['a', 'b', 'c', 'd'];

function stage() {
  const world = new World();
  return { world, queue: new WorkQueue({ clock: new Machine(world) }) };
}

/** Takes what waits, without waiting for more. */
async function take(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.length > 0) keys.push((await queue.get(never))!);
  return keys;
}

describe('a queue', () => {
  it('gives a key once, however often it was added', async () => {
    const { queue } = stage();
    for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
    expect(await take(queue)).toEqual(['a', 'b']);
  });

  it('gives a key that was added while it was worked on again, when that work is done', async () => {
    const { queue } = stage();
    queue.add('a');
    await queue.get(never);
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await take(queue)).toEqual(['a']);
  });

  it('gives what has changed before what is only looked at by the clock', async () => {
    const { queue } = stage();
    for (const key of ['r1', 'r2', 'r3']) queue.add(key, 'resync');
    queue.add('a');
    queue.add('r3');
    expect(await take(queue)).toEqual(['a', 'r3', 'r1', 'r2']);
  });

  it('lets a change that comes while the key is worked on go first, too', async () => {
    const { queue } = stage();
    queue.add('a');
    await queue.get(never);
    queue.add('a', 'resync');
    queue.add('a', 'live');
    queue.add('other', 'resync');
    queue.done('a');
    expect(await take(queue)).toEqual(['a', 'other']);
  });

  it('comes to a key that is looked at by the clock although changes never end', async () => {
    const { queue } = stage();
    queue.add('resync', 'resync');
    const taken: string[] = [];
    for (let i = 0; i < 12; i++) {
      for (const key of live) queue.add(key);
      const key = (await queue.get(never))!;
      taken.push(key);
      queue.done(key);
    }
    expect(taken).toContain('resync');
  });

  it('holds a key back until its time', async () => {
    const { world, queue } = stage();
    queue.addAfter('a', 1000);
    await world.pass(999);
    expect(queue.length).toBe(0);
    await world.pass(1);
    expect(await take(queue)).toEqual(['a']);
  });

  it('holds a key back until the earliest of its times, and adds it once', async () => {
    const { world, queue } = stage();
    for (const ms of [1000, 500, 700]) queue.addAfter('a', ms);
    await world.pass(500);
    expect(await take(queue)).toEqual(['a']);
    queue.done('a');
    await world.pass(1000);
    expect(queue.length).toBe(0);
  });

  it('waits longer after each failure, until it is told to forget them', async () => {
    const { world, queue } = stage();
    const waits: number[] = [];
    const fail = async () => {
      queue.addRateLimited('a');
      const before = world.now;
      await world.until(() => queue.length > 0);
      queue.done((await queue.get(never))!);
      waits.push(world.now - before);
    };
    for (let i = 0; i < 3; i++) await fail();
    queue.forget('a');
    await fail();
    expect(waits).toEqual([5, 10, 20, 5]);
  });

  it('waits after a failure at least as long as it is told', async () => {
    const { world, queue } = stage();
    queue.addRateLimited('a', 3000);
    await world.pass(2999);
    expect(queue.length).toBe(0);
    await world.pass(1);
    expect(queue.length).toBe(1);
  });

  it('gives nothing to one who waits no longer, and loses nothing by it', async () => {
    const { queue } = stage();
    const leaving = new AbortController();
    const left = queue.get(leaving.signal);
    leaving.abort();
    queue.add('a');
    expect(await left).toBeUndefined();
    expect(await take(queue)).toEqual(['a']);
  });

  it('still gives to the others when one goes that has got its key', async () => {
    const { queue } = stage();
    const going = new AbortController();
    const gone = queue.get(going.signal);
    const other = queue.get(never);
    queue.add('a');
    await gone;
    going.abort();
    queue.add('b');
    expect([await gone, await other]).toEqual(['a', 'b']);
  });

  it('that is shut down lets go of all who wait, and plans nothing any more', async () => {
    const { world, queue } = stage();
    queue.addAfter('later', 10);
    const waiting = [queue.get(never), queue.get(never)];
    queue.shutDown();
    queue.add('a');
    queue.addRateLimited('b');
    await world.pass(1e6);
    expect(await Promise.all([...waiting, queue.get(never)])).toEqual([undefined, undefined, undefined]);
    expect(queue.length).toBe(0);
  });

  it('knows how long its keys have been worked on', async () => {
    const { world, queue } = stage();
    queue.add('a');
    await queue.get(never);
    await world.pass(2000);
    queue.add('b');
    await queue.get(never);
    await world.pass(1000);
    expect([queue.longestWorkSeconds, queue.unfinishedSeconds]).toEqual([3, 4]);
    queue.done('a');
    expect([queue.longestWorkSeconds, queue.unfinishedSeconds]).toEqual([1, 1]);
  });
});

const keys = fc.constantFrom('a', 'b', 'c');
const actions = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('add' as const), key: keys, priority: fc.constantFrom<Priority>('live', 'resync') }),
    fc.record({ act: fc.constant('addAfter' as const), key: keys, ms: fc.nat(100) }),
    fc.record({ act: fc.constant('addRateLimited' as const), key: keys }),
    fc.record({ act: fc.constant('forget' as const), key: keys }),
    fc.record({ act: fc.constant('take' as const) }),
    fc.record({ act: fc.constant('leave' as const) }),
    fc.record({ act: fc.constant('done' as const), key: keys }),
    fc.record({ act: fc.constant('pass' as const), ms: fc.nat(60) }),
  ),
  { maxLength: 60 },
);

type Action = typeof actions extends fc.Arbitrary<(infer A)[]> ? A : never;

/** Does what it is told with a queue, and keeps book of what was asked for and what was given. */
class Bookkeeper {
  readonly #world = new World();
  readonly #queue = new WorkQueue({ clock: new Machine(this.#world) });
  readonly #takers: AbortController[] = [];
  readonly #working = new Set<string>();
  #moment = 0;
  /** Of each key: how often it was asked for and given, and the last moment of each. */
  readonly #asked = new Map<string, { count: number; last: number }>();
  readonly #given = new Map<string, { count: number; last: number }>();

  async do(action: Action): Promise<void> {
    this.#moment++;
    if (action.act.startsWith('add') && 'key' in action) note(this.#asked, action.key, this.#moment);
    if (action.act === 'add') this.#queue.add(action.key, action.priority);
    else if (action.act === 'addAfter') this.#queue.addAfter(action.key, action.ms);
    else if (action.act === 'addRateLimited') this.#queue.addRateLimited(action.key);
    else if (action.act === 'forget') this.#queue.forget(action.key);
    else if (action.act === 'take') this.#take();
    else if (action.act === 'leave') this.#takers.shift()?.abort();
    else if (action.act === 'done') this.#done(action.key);
    await this.#world.pass(action.act === 'pass' ? action.ms : 0);
  }

  /** Waits until nothing is put off any more, and takes all that there is. */
  async end(): Promise<void> {
    await this.#world.pass(600_000);
    do {
      this.#moment++;
      for (const key of [...this.#working]) this.#done(key);
      if (this.#queue.length > 0) this.#take();
      await this.#world.pass(0);
    } while (this.#queue.length > 0 || this.#working.size > 0);
    for (const [key, { last }] of this.#asked) expect(this.#given.get(key)?.last, key).toBeGreaterThan(last);
  }

  #take(): void {
    const taker = new AbortController();
    this.#takers.push(taker);
    void this.#queue.get(taker.signal).then(key => {
      if (key !== undefined) this.#taken(key);
    });
  }

  #taken(key: string): void {
    if (this.#working.has(key)) this.faults.push(`${key} is worked on twice`);
    this.#working.add(key);
    // Between the action and this, nothing else happens: half a moment later.
    note(this.#given, key, this.#moment + 0.5);
    if (this.#given.get(key)!.count > (this.#asked.get(key)?.count ?? 0)) this.faults.push(`${key} was given unasked`);
  }

  /** What should not have happened. */
  readonly faults: string[] = [];

  #done(key: string): void {
    if (this.#working.delete(key)) this.#queue.done(key);
  }
}

function note(book: Map<string, { count: number; last: number }>, key: string, last: number): void {
  book.set(key, { count: (book.get(key)?.count ?? 0) + 1, last });
}

describe('whatever the order of adding, taking and ending', () => {
  it('no key is worked on twice at once, none is lost, and none is given unasked', async () => {
    await fc.assert(
      fc.asyncProperty(actions, async list => {
        const books = new Bookkeeper();
        for (const action of list) await books.do(action);
        await books.end();
        expect(books.faults).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
