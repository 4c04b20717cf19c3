/** A coordinator without a broker: a script says what it answers to each request, and the requests are there to be looked at. */
import type { Connection } from '@platformatic/kafka';
import { MkbError } from '../../../../../api/errors.ts';
import { Group, type GroupEvents } from '../../../../../bridge/kafka/consumer/group.ts';
import { type Assignment, encodeAssignment } from '../../../../../bridge/kafka/consumer/group-protocol.ts';
import type { ConsumerOptions } from '../../../../../bridge/kafka/consumer/options.ts';
import type { GroupMember } from '../../../../../bridge/kafka/consumer/strangers.ts';

const names = {
  8: 'commit',
  9: 'committed',
  11: 'join',
  12: 'heartbeat',
  13: 'leave',
  14: 'sync',
  15: 'describe',
} as const;
export type Call = (typeof names)[keyof typeof names];

/** An error code to answer with, `lost` for no answer, or `bare` for one that leaves out what was asked about. */
export type Answer = number | 'lost' | 'bare';

export class ScriptedCoordinator {
  /** Answers to come, by call; 0 when there are none left. */
  readonly script: Partial<Record<Call, Answer[]>> = {};
  readonly calls: Call[] = [];
  /** The bytes of each call, as text. */
  readonly sent: { readonly call: Call; readonly bytes: string }[] = [];
  /** How often it was to be found again. */
  forgotten = 0;
  /** Somebody who has all partitions, unless a test says otherwise. */
  members: GroupMember[] = [
    {
      memberId: 'me',
      clientId: 'c',
      clientHost: '/10.0.0.7',
      memberMetadata: Buffer.alloc(0),
      memberAssignment: encodeAssignment({ partitions: [{ topic: 't', partition: 0 }], made: [] }),
    },
  ];
  /** Who leads, and what the leader hears of the members' subscriptions. */
  leader = 'other';
  subscriptions: Readonly<Record<string, Buffer>> = {};
  assignment: Assignment = { partitions: [{ topic: 't', partition: 0 }], made: [] };
  #generation = 0;

  async ask<T>(what: string, request: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await request(this.#connection as Connection);
    } catch (cause) {
      throw MkbError.is(cause)
        ? cause
        : new MkbError('kafka-request-failed', { what, reason: (cause as Error).message }, { cause });
    }
  }

  forget(): void {
    this.forgotten++;
  }

  close(): void {
    // There is nothing to close.
  }

  count(call: Call): number {
    return this.calls.filter(each => each === call).length;
  }

  readonly #connection = {
    send: (key: keyof typeof names, _version: number, payload: () => { buffer: Buffer }, ...rest: unknown[]) => {
      const call = names[key];
      this.calls.push(call);
      this.sent.push({ call, bytes: payload().buffer.toString('latin1') });
      const done = rest.at(-1) as (error: Error | null, answer?: object) => void;
      const answer = this.script[call]?.shift() ?? 0;
      if (answer === 'lost') done(new Error('the connection is lost'));
      else if (answer === 'bare') done(null, { errorCode: 0, topics: [] });
      else done(null, this.#answer(call, answer));
    },
  } as unknown as Connection;

  get #joined(): object[] {
    return Object.entries(this.subscriptions).map(([memberId, metadata]) => ({ memberId, metadata }));
  }

  #answer(call: Call, errorCode: number): object {
    switch (call) {
      case 'join':
        if (errorCode === 0) this.#generation++;
        return {
          errorCode,
          memberId: 'me',
          leader: this.leader,
          generationId: this.#generation,
          members: this.#joined,
        };
      case 'sync':
        return { errorCode, assignment: encodeAssignment(this.assignment) };
      case 'commit':
        return { topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode }] }] };
      case 'committed':
        return {
          errorCode: 0,
          topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode, committedOffset: 7n }] }],
        };
      case 'describe':
        return { groups: [{ groupState: 'Stable', members: this.members }] };
      default:
        return { errorCode };
    }
  }
}

export interface ScriptedGroup {
  readonly group: Group;
  readonly coordinator: ScriptedCoordinator;
  /** What happened to it, in order: assigned, released, lost, and the codes of errors. */
  readonly happened: string[];
  /** Changes what there is to read. */
  readonly world: { topics: readonly string[]; partitions: number; made: string[] };
}

/** A group that does not run yet, with short pauses. */
export function scriptedGroup(more: Partial<ConsumerOptions> = {}): ScriptedGroup {
  const coordinator = new ScriptedCoordinator();
  const happened: string[] = [];
  const world = { topics: ['t'] as readonly string[], partitions: 1, made: [] as string[] };
  const events: GroupEvents = {
    look: async () => undefined,
    topics: () => world.topics,
    isNew: topic => world.made.includes(topic),
    assigned: ({ partitions }) => happened.push(`assigned ${partitions.map(each => each.partition).join()}`),
    released: async () => void happened.push('released'),
    lost: () => happened.push('lost'),
    partitionsOf: () => world.partitions,
    strangers: () => undefined,
    problem: ({ code }) => happened.push(code),
    refused: ({ code }) => happened.push(code),
  };
  const options = {
    cluster: { clientId: 'c', retry: { minDelayMs: 1, maxDelayMs: 1 } },
    groupId: 'g',
    self: { bridge: 'b', ordinal: 0, host: 'h', instance: 'mine' },
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 1000,
    heartbeatMs: 1,
    ...more,
  } as ConsumerOptions;
  return { group: new Group(options, coordinator, events), coordinator, happened, world };
}
