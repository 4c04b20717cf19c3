import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { code } from '../../../demo/embedded/codes.ts';
import { Group } from '../../../demo/embedded/group.ts';
import type { Joined, JoinRequest } from '../../../demo/embedded/group-member.ts';

const SESSION_MS = 10_000;
const REBALANCE_MS = 60_000;

let group: Group;

beforeEach(() => {
  vi.useFakeTimers();
  group = new Group('readers');
});

afterEach(() => {
  group.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function request(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    instanceId: null,
    clientId: 'client',
    clientHost: '127.0.0.1',
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
    mustKnowId: true,
    ...overrides,
  };
}

/** Joins as a new member does: asks for an id, then joins with it. */
async function join(overrides: Partial<JoinRequest> = {}): Promise<{ id: string; joined: Promise<Joined> }> {
  const { memberId } = await group.join(request(overrides));
  return { id: memberId, joined: Promise.resolve(group.join(request({ ...overrides, memberId }))) };
}

const speak = (memberId: string, generation = group.generation) => ({ memberId, instanceId: null, generation });

const assign = (...ids: string[]) => new Map(ids.map(id => [id, Buffer.from(`for ${id}`)]));

/** A group of one member that has its assignment. */
async function stableGroup(): Promise<string> {
  const { id, joined } = await join();
  await joined;
  await group.sync(speak(id), assign(id));
  return id;
}

/** Two members with their assignments, the leader first. */
async function stablePair(): Promise<[string, string]> {
  const first = await stableGroup();
  const second = await join();
  await Promise.all([group.join(request({ memberId: first })), second.joined]);
  const waiting = group.sync(speak(second.id), new Map());
  await group.sync(speak(first), assign(first, second.id));
  await waiting;
  return [first, second.id];
}

describe('joining', () => {
  it('first gives a new member its id, and leaves no trace if it does not come back', async () => {
    const first = await group.join(request());
    expect(first.error).toBe(code.MEMBER_ID_REQUIRED);
    expect(group.members).toEqual([]);
    vi.advanceTimersByTime(SESSION_MS);
    expect((await group.join(request({ memberId: first.memberId }))).error).toBe(code.UNKNOWN_MEMBER_ID);
  });

  it('makes the first member leader, and tells it the subscriptions', async () => {
    const { id, joined } = await join();
    expect(await joined).toMatchObject({ error: code.NONE, generation: 1, leader: id, protocol: 'range' });
    expect((await joined).members).toEqual([{ id, instanceId: null, metadata: Buffer.from('topics') }]);
  });

  it('of a second member waits until the first has joined again, and only the leader is told who is in', async () => {
    const first = await stableGroup();
    const { id: second, joined } = await join();
    expect(group.heartbeat(speak(first))).toBe(code.REBALANCE_IN_PROGRESS);
    const again = await group.join(request({ memberId: first }));
    expect(again.members.map(member => member.id)).toEqual([first, second]);
    expect(await joined).toMatchObject({ generation: 2, leader: first, members: [] });
  });

  it('goes on without a member that takes longer than the rebalance may', async () => {
    const first = await stableGroup();
    const { id: second, joined } = await join();
    vi.advanceTimersByTime(REBALANCE_MS);
    expect(await joined).toMatchObject({ generation: 2, leader: second });
    expect(group.heartbeat(speak(first))).toBe(code.UNKNOWN_MEMBER_ID);
  });

  it('with nothing that the others know is refused', async () => {
    await stableGroup();
    const protocols = [{ name: 'sticky', metadata: Buffer.alloc(0) }];
    expect((await group.join(request({ protocols }))).error).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect((await group.join(request({ protocolType: 'connect' }))).error).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect((await group.join(request({ protocols: [] }))).error).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
  });

  it('chooses the strategy that most members prefer and all know', async () => {
    const protocols = (...names: string[]) => names.map(name => ({ name, metadata: Buffer.from(name) }));
    const first = await join({ protocols: protocols('a', 'b', 'c') });
    await first.joined;
    const second = await join({ protocols: protocols('b', 'c') });
    const third = await join({ protocols: protocols('c', 'b') });
    const again = await group.join(request({ memberId: first.id, protocols: protocols('a', 'b', 'c') }));
    await Promise.all([second.joined, third.joined]);
    expect(again.protocol).toBe('b');
  });

  it('again without a change, when the answer was lost, is answered and disturbs nobody', async () => {
    const [, follower] = await stablePair();
    expect(await group.join(request({ memberId: follower }))).toMatchObject({ error: code.NONE, generation: 2 });
    expect(group.state).toBe('Stable');
  });

  it('again with other subscriptions begins a rebalance', async () => {
    const [leader, follower] = await stablePair();
    const joined = group.join(
      request({ memberId: follower, protocols: [{ name: 'range', metadata: Buffer.from('more') }] }),
    );
    expect(group.heartbeat(speak(leader))).toBe(code.REBALANCE_IN_PROGRESS);
    await Promise.all([joined, group.join(request({ memberId: leader }))]);
    expect(group.generation).toBe(3);
  });

  it('twice while waiting answers the first request, so that no connection waits for ever', async () => {
    const first = await stableGroup();
    const second = await join();
    const repeated = group.join(request({ memberId: second.id }));
    expect((await second.joined).error).toBe(code.REBALANCE_IN_PROGRESS);
    await group.join(request({ memberId: first }));
    expect((await repeated).error).toBe(code.NONE);
  });
});

describe('assignments', () => {
  it('reach everyone when the leader hands them in', async () => {
    const first = await stableGroup();
    const second = await join();
    await Promise.all([group.join(request({ memberId: first })), second.joined]);
    const waiting = group.sync(speak(second.id), new Map());
    const own = await group.sync(speak(first), assign(first, second.id));
    expect(String(own.assignment)).toBe(`for ${first}`);
    expect(String((await waiting).assignment)).toBe(`for ${second.id}`);
    expect(group.state).toBe('Stable');
  });

  it('are given again to a member that asks again', async () => {
    const id = await stableGroup();
    expect(String((await group.sync(speak(id), new Map())).assignment)).toBe(`for ${id}`);
  });

  it('of another generation are refused', async () => {
    const id = await stableGroup();
    expect((await group.sync(speak(id, 7), new Map())).error).toBe(code.ILLEGAL_GENERATION);
  });

  it('that the leader never hands in end with a new rebalance', async () => {
    const [leader, follower] = await stablePair();
    const third = await join();
    await Promise.all([
      group.join(request({ memberId: leader })),
      group.join(request({ memberId: follower })),
      third.joined,
    ]);
    const waiting = group.sync(speak(follower), new Map());
    vi.advanceTimersByTime(SESSION_MS);
    expect((await waiting).error).toBe(code.REBALANCE_IN_PROGRESS);
  });
});

describe('a member', () => {
  it('that is silent for its session timeout is out', async () => {
    const id = await stableGroup();
    vi.advanceTimersByTime(SESSION_MS - 1);
    expect(group.heartbeat(speak(id))).toBe(code.NONE);
    vi.advanceTimersByTime(SESSION_MS - 1);
    expect(group.state).toBe('Stable');
    vi.advanceTimersByTime(1);
    expect(group.state).toBe('Empty');
    expect(group.heartbeat(speak(id))).toBe(code.UNKNOWN_MEMBER_ID);
  });

  it('that waits for the others to join is alive, however long it takes', async () => {
    const first = await stableGroup();
    const second = await join();
    for (let passed = 0; passed < REBALANCE_MS - SESSION_MS; passed += SESSION_MS / 2) {
      vi.advanceTimersByTime(SESSION_MS / 2);
      group.heartbeat(speak(first));
    }
    await group.join(request({ memberId: first }));
    expect((await second.joined).error).toBe(code.NONE);
  });

  it('that has joined again is alive while it waits for a slower one', async () => {
    const [leader, follower] = await stablePair();
    const third = await join();
    const waiting = group.join(request({ memberId: leader }));
    for (let passed = 0; passed < 3 * SESSION_MS; passed += SESSION_MS / 2) {
      vi.advanceTimersByTime(SESSION_MS / 2);
      expect(group.heartbeat(speak(follower))).toBe(code.REBALANCE_IN_PROGRESS);
    }
    await group.join(request({ memberId: follower }));
    expect((await waiting).error).toBe(code.NONE);
    expect((await third.joined).error).toBe(code.NONE);
  });

  it('that leaves makes room at once', async () => {
    const [leader, follower] = await stablePair();
    expect(group.leave(leader, null)).toBe(code.NONE);
    expect(group.leave(leader, null)).toBe(code.UNKNOWN_MEMBER_ID);
    expect(await group.join(request({ memberId: follower }))).toMatchObject({ leader: follower, generation: 3 });
  });

  it('of a fixed name takes its place back after a restart, and its former self is fenced', async () => {
    const former = await group.join(request({ instanceId: 'one' }));
    const now = await group.join(request({ instanceId: 'one' }));
    expect(now.memberId).not.toBe(former.memberId);
    expect(group.members.length).toBe(1);
    const speaker = { memberId: former.memberId, instanceId: 'one', generation: group.generation };
    expect(group.heartbeat(speaker)).toBe(code.FENCED_INSTANCE_ID);
  });
});

describe('a commit', () => {
  it('is taken from a member of the generation, and keeps it alive', async () => {
    const id = await stableGroup();
    vi.advanceTimersByTime(SESSION_MS - 1);
    expect(group.checkCommit(speak(id))).toBe(code.NONE);
    vi.advanceTimersByTime(SESSION_MS - 1);
    expect(group.state).toBe('Stable');
  });

  it('is taken while others join, and refused when the new generation waits for its assignment', async () => {
    const first = await stableGroup();
    const second = await join();
    expect(group.checkCommit(speak(first))).toBe(code.NONE);
    await Promise.all([group.join(request({ memberId: first })), second.joined]);
    expect(group.checkCommit(speak(first))).toBe(code.REBALANCE_IN_PROGRESS);
    expect(group.checkCommit(speak(first, 1))).toBe(code.ILLEGAL_GENERATION);
  });

  it('of no member is taken only while the group is empty', async () => {
    const nobody = { memberId: '', instanceId: null, generation: -1 };
    expect(group.checkCommit(nobody)).toBe(code.NONE);
    await stableGroup();
    expect(group.checkCommit(nobody)).toBe(code.UNKNOWN_MEMBER_ID);
  });
});

it('a group that ends answers everyone who waits', async () => {
  const first = await stableGroup();
  const second = await join();
  group.close();
  expect((await second.joined).error).toBe(code.NOT_COORDINATOR);
  expect(group.heartbeat(speak(first))).toBe(code.UNKNOWN_MEMBER_ID);
});
