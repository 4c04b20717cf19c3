/** Membership of a group, against a coordinator whose every answer a test says: no broker, no socket. */
import { afterEach, describe, expect, test } from 'vitest';
import { encodeAssignment, encodeSubscription } from '../../../../bridge/kafka/consumer/group-protocol.ts';
import type { ConsumerOptions } from '../../../../bridge/kafka/consumer/options.ts';
import { encodeFacts, type GroupMember } from '../../../../bridge/kafka/consumer/strangers.ts';
import { kafkaCodes, reactionTo, refuses } from '../../../../network/kafka/error-codes.ts';
import { until } from '../../../real/until.ts';
import { type Answer, type Call, type ScriptedGroup, scriptedGroup } from './support/scripted-coordinator.ts';

let running: ScriptedGroup;
afterEach(() => running?.group.close());

function run(script: Partial<Record<Call, Answer[]>> = {}, more: Partial<ConsumerOptions> = {}): ScriptedGroup {
  running = scriptedGroup(more);
  Object.assign(running.coordinator.script, script);
  void running.group.run();
  return running;
}

const assigned = ({ happened }: ScriptedGroup, times = 1) =>
  until(`partitions, ${times} times`, () => happened.filter(each => each.startsWith('assigned')).length >= times);
const offset = { topic: 't', partition: 0, offset: 5n, topicId: undefined };

test('a member joins, gets its partitions, and beats', async () => {
  const { coordinator, happened } = run();
  await until('heartbeats', () => coordinator.count('heartbeat') > 2);
  expect(coordinator.calls.slice(0, 2)).toEqual(['join', 'sync']);
  expect(happened).toEqual(['assigned 0']);
});

test('a member that is given an id joins with it', async () => {
  const test = run({ join: [79] });
  await assigned(test);
  expect(test.coordinator.count('join')).toBe(2);
  expect(test.happened).toEqual(['assigned 0']);
});

test('at a rebalance what is in flight is let go before the member joins again, and it keeps its id', async () => {
  const test = run({ heartbeat: [0, 27] });
  await assigned(test, 2);
  expect(test.happened).toEqual(['assigned 0', 'released', 'assigned 0']);
  expect(test.coordinator.sent.filter(({ call }) => call === 'join')[1]!.bytes).toContain('me');
});

/** Two that Kafka does not have, and all that are an error. */
const codes = [134, -7, ...kafkaCodes.map(({ code }) => code)].filter(code => code !== 0);

describe.each(['join', 'sync', 'heartbeat'] as const)('whatever %s answers, the member comes back', call => {
  test.each(codes.filter(code => code !== 27 && code !== 79))('%i', async code => {
    const test = run({ [call]: [code] });
    const isForeverMine = call === 'heartbeat' && reactionTo(code) !== 'rejoin' && !isFinal(code);
    await (isForeverMine
      ? until('the report', () => test.happened.length === 2)
      : assigned(test, call === 'heartbeat' ? 2 : 1));
    const expected = reactionTo(code) === 'rejoin' ? 'kafka-membership-lost' : reported(code);
    expect(test.happened).toContain(expected);
    expect(test.happened.includes('lost')).toBe(!isForeverMine);
    expect(test.coordinator.forgotten > 0).toBe(['coordinator', 'reconnect'].includes(reactionTo(code)));
  });
});

const isFinal = (code: number) => reactionTo(code) === 'denied' || refuses(code, 'group');
const reported = (code: number) => {
  if (reactionTo(code) === 'denied') return 'kafka-not-authorised';
  return refuses(code, 'group') ? 'kafka-group-refused' : 'kafka-request-failed';
};

test('a heartbeat without an answer is repeated, and costs no membership before the session is over', async () => {
  const test = run({ heartbeat: ['lost', 'lost', 'lost'] });
  await until('heartbeats', () => test.coordinator.count('heartbeat') > 4);
  expect(test.happened).toEqual(['assigned 0', ...Array(3).fill('kafka-request-failed')]);
});

test('a coordinator that is silent for a session has given the partitions to others', async () => {
  const test = run({ heartbeat: Array(10_000).fill('lost') }, { sessionTimeoutMs: 0 });
  await until('the partitions to be gone', () => test.happened.includes('lost'));
});

describe('a commit', () => {
  test('carries the id of the topic', async () => {
    const test = run();
    await assigned(test);
    expect(await test.group.commit([{ ...offset, topicId: 'f'.repeat(32) }])).toBe(true);
    expect(test.coordinator.sent.find(({ call }) => call === 'commit')!.bytes).toContain('f'.repeat(32));
  });

  test.each(codes)('that is answered %i is not taken, and throws what it means', async code => {
    const test = run({ commit: [code] });
    await assigned(test);
    const kind = isFinal(code) ? 'permanent' : 'retryable';
    await expect(test.group.commit([offset])).rejects.toMatchObject({ kind });
  });

  test('of a process that is no member is not sent', async () => {
    const test = run({ join: Array(10_000).fill(15) });
    await until('a refusal', () => test.happened.includes('lost'));
    expect(await test.group.commit([offset])).toBe(false);
    expect(test.coordinator.count('commit')).toBe(0);
  });
});

test('an offset that Kafka does not say for one partition is the error of that partition', async () => {
  const test = run({ committed: [0, 29] });
  await assigned(test);
  expect(await test.group.committed([offset])).toMatchObject([{ offset: 7n, error: undefined }]);
  expect(await test.group.committed([offset])).toMatchObject([{ error: { code: 'kafka-not-authorised' } }]);
});

// A partition that the answer left out counted as one without an offset: with `latest` all that waited in it was passed over.
test('an offset that the answer does not name is neither missing nor kept', async () => {
  const test = run({ committed: ['bare'], commit: ['bare'] });
  await assigned(test);
  expect(await test.group.committed([offset])).toMatchObject([{ error: { kind: 'retryable' } }]);
  await expect(test.group.commit([offset])).rejects.toMatchObject({ kind: 'retryable' });
  expect(await test.group.committed([offset])).toMatchObject([{ offset: 7n, error: undefined }]);
  expect(await test.group.commit([offset])).toBe(true);
});

test('a member joins again when there are other topics to read', async () => {
  const test = run();
  await assigned(test);
  test.world.topics = ['t', 'u'];
  test.group.metadataRead();
  await assigned(test, 2);
  expect(test.coordinator.sent.filter(({ call }) => call === 'join')[1]!.bytes).toContain('u');
});

// A replica was killed while a topic was made. Kafka made the restarted one the leader: it dealt the topic out as an old one, and with `latest`
// both passed over what had been written to it.
test('a leader that has just started passes on which topics were made before, and a member says it', async () => {
  running = scriptedGroup();
  const { coordinator, world } = running;
  const facts = { bridge: 'b', ordinal: 1, host: 'h', instance: 'other' };
  coordinator.leader = 'me';
  coordinator.subscriptions = {
    me: encodeSubscription(['t', 'u'], encodeFacts({ ...facts, instance: 'mine' })),
    other: encodeSubscription(['t', 'u'], encodeFacts(facts, ['u'])),
    foreign: encodeSubscription(['t']),
  };
  world.topics = ['t', 'u'];
  void running.group.run();
  await assigned(running);
  const last = (call: Call) => coordinator.sent.findLast(each => each.call === call)!.bytes;
  expect(last('sync').match(/\{"made":\["u"\]\}/g)).toHaveLength(3);
  expect(last('join')).not.toContain('made');
  world.made.push('u', 'gone');
  world.topics = ['t', 'u', 'v'];
  running.group.metadataRead();
  await assigned(running, 2);
  expect(last('join')).toContain('"made":["u"]');
});

describe('a static member', () => {
  const instanceId = 'cars-0';
  const member = (instance: string, made: Partial<GroupMember> = {}): GroupMember => ({
    memberId: 'm',
    groupInstanceId: instanceId,
    clientId: 'c',
    clientHost: '/10.0.0.7',
    memberMetadata: encodeSubscription(['t'], encodeFacts({ bridge: 'b', ordinal: 0, host: 'node-2', instance })),
    memberAssignment: encodeAssignment({ partitions: [{ topic: 't', partition: 0 }], made: [] }),
    ...made,
  });

  test('says its instance id with everything it asks as a member', async () => {
    const test = run({}, { instanceId });
    await assigned(test);
    await test.group.commit([offset]);
    await until('a heartbeat', () => test.coordinator.count('heartbeat') > 0);
    for (const { call, bytes } of test.coordinator.sent)
      if (call !== 'describe') expect([call, bytes.includes(instanceId)]).toEqual([call, true]);
  });

  test('does not leave when it stops, and another member does', async () => {
    const test = run({}, { instanceId });
    await assigned(test);
    await test.group.leave();
    expect(test.coordinator.count('leave')).toBe(0);
    const other = run();
    await assigned(other);
    await other.group.leave();
    expect(other.coordinator.count('leave')).toBe(1);
  });

  // Two that had the same id took it from each other once a second: every record came twice, and hardly any was committed.
  test('that is fenced says who has its id, and comes back when that one has left', async () => {
    const test = run({ heartbeat: [82] }, { instanceId });
    test.coordinator.members = [member('other')];
    await until('the report', () => test.happened.includes('kafka-instance-fenced'));
    expect(test.happened).toEqual(['assigned 0', 'lost', 'kafka-instance-fenced']);
    expect(test.coordinator.count('join')).toBe(1);
    test.coordinator.members = [member('third', { groupInstanceId: 'cars-1' })];
    await assigned(test, 2);
  });

  test('that is fenced by itself, through a join whose answer was lost, joins again at once', async () => {
    const test = run({ heartbeat: [82] }, { instanceId });
    test.coordinator.members = [member('mine')];
    await assigned(test, 2);
    expect(test.happened).toEqual(['assigned 0', 'lost', 'assigned 0']);
  });

  test('asks once for partitions that nobody has to be dealt out, with a subscription that differs', async () => {
    const test = run({}, { instanceId });
    test.coordinator.members = [member('mine', { memberAssignment: Buffer.alloc(0) })];
    await assigned(test, 2);
    const joins = test.coordinator.sent.filter(({ call }) => call === 'join').map(({ bytes }) => bytes);
    expect(joins[0]).not.toContain('"turn"');
    expect(joins[1]).toContain('"turn":1');
    await until('more heartbeats', () => test.coordinator.count('heartbeat') > 5);
    expect(test.coordinator.count('join')).toBe(2);
  });

  test('does not read what it had before it was configured otherwise', async () => {
    running = scriptedGroup({ instanceId });
    running.coordinator.assignment = {
      partitions: [
        { topic: 'gone', partition: 3 },
        { topic: 't', partition: 0 },
      ],
      made: [],
    };
    void running.group.run();
    await assigned(running);
    expect(running.happened).toEqual(['assigned 0']);
  });
});
