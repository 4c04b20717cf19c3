/**
 * A classic consumer group: its members, the generation they form, and who of them has been heard of lately.
 *
 * Members do not get partitions from the broker. They join; when all who are known have joined (or the slowest has had its time),
 * the broker names one of them leader and gives it the others' subscriptions; the leader hands in an assignment for everyone
 * with SyncGroup, and the broker passes it on. Each change of membership begins this again: the next heartbeat of the others says
 * REBALANCE_IN_PROGRESS, and they join again.
 *
 * Two things surprise. A new member first only gets its id and has to join again with it (KIP-394), so that a client which
 * times out and repeats its first join leaves no ghost behind. And a member that waits for an answer to JoinGroup or SyncGroup is
 * alive however long it waits, because it cannot send heartbeats meanwhile.
 *
 * States and answers follow Kafka's group coordinator. Static members (KIP-345) keep their place by `instanceId`, but a restart of
 * one does begin a rebalance here.
 */
import { randomUUID } from 'node:crypto';
import { code } from './codes.ts';
import { type Assigned, type Joined, type JoinRequest, Member, nothing, refuseJoin } from './group-member.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** Who speaks in a generation. */
export interface Speaker {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

export class Group {
  readonly id: string;
  readonly #members = new Map<string, Member>();
  /** Ids given to members that have not joined with them yet, and the timers that take them back. */
  readonly #pending = new Map<string, NodeJS.Timeout>();
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocolType: string | null = null;
  #protocol: string | null = null;
  #leader: string | null = null;
  #rebalance: NodeJS.Timeout | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get protocolType(): string {
    return this.#protocolType ?? '';
  }

  get protocol(): string {
    return this.#state === 'Stable' ? (this.#protocol ?? '') : '';
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Answers when everyone has joined. */
  join(request: JoinRequest): Promise<Joined> | Joined {
    const error = this.#checkJoin(request);
    if (error !== code.NONE) return refuseJoin(error, request.memberId);
    if (request.memberId === '') return this.#welcome(request);
    const pending = this.#pending.get(request.memberId);
    if (pending !== undefined) {
      clearTimeout(pending);
      this.#pending.delete(request.memberId);
      return this.#add(request.memberId, request);
    }
    return this.#rejoin(this.#members.get(request.memberId)!, request);
  }

  /** Answers when the leader has handed in the assignment. */
  sync(speaker: Speaker, assignments: ReadonlyMap<string, Buffer>): Promise<Assigned> | Assigned {
    const error = this.#check(speaker);
    if (error !== code.NONE) return { error, assignment: nothing };
    const member = this.#members.get(speaker.memberId)!;
    if (this.#state === 'Stable') {
      this.#touch(member);
      return { error: code.NONE, assignment: member.assignment };
    }
    const answer = member.waitForAssignment();
    if (member.id === this.#leader) this.#assign(assignments);
    return answer;
  }

  heartbeat(speaker: Speaker): number {
    const error = this.#check(speaker);
    const member = this.#members.get(speaker.memberId);
    if (member !== undefined && (error === code.NONE || error === code.REBALANCE_IN_PROGRESS)) this.#touch(member);
    return error;
  }

  /** @returns the code for this member */
  leave(memberId: string, instanceId: string | null): number {
    const member = memberId === '' ? this.#instance(instanceId) : this.#members.get(memberId);
    if (member !== undefined) {
      this.#remove(member);
      return code.NONE;
    }
    const pending = this.#pending.get(memberId);
    if (pending === undefined) return code.UNKNOWN_MEMBER_ID;
    this.#forgetPending(memberId, pending);
    return code.NONE;
  }

  /** Whether a commit of offsets is taken: from a member of this generation, or from anyone while the group has no members. */
  checkCommit(speaker: Speaker): number {
    if (speaker.generation < 0) return this.#members.size === 0 ? code.NONE : code.UNKNOWN_MEMBER_ID;
    const error = this.#check(speaker);
    // While others still join, a member may commit what it did in the generation that ends.
    if (error === code.REBALANCE_IN_PROGRESS) return code.NONE;
    if (error === code.NONE && this.#state === 'CompletingRebalance') return code.REBALANCE_IN_PROGRESS;
    if (error === code.NONE) this.#touch(this.#members.get(speaker.memberId)!);
    return error;
  }

  /** Ends all timers and answers everyone who waits that the coordinator is gone. */
  close(): void {
    clearTimeout(this.#rebalance);
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    for (const member of this.#members.values()) this.#dismiss(member, code.NOT_COORDINATOR);
    this.#members.clear();
    this.#state = 'Empty';
  }

  #checkJoin(request: JoinRequest): number {
    if (request.protocols.length === 0 || request.protocolType === '') return code.INCONSISTENT_GROUP_PROTOCOL;
    const others = this.members.filter(member => member.id !== request.memberId);
    if (others.length > 0 && request.protocolType !== this.#protocolType) return code.INCONSISTENT_GROUP_PROTOCOL;
    const shared = request.protocols.some(({ name }) => others.every(member => member.metadata(name) !== undefined));
    if (!shared) return code.INCONSISTENT_GROUP_PROTOCOL;
    if (request.memberId === '' || this.#pending.has(request.memberId)) return code.NONE;
    return this.#checkMember(request.memberId, request.instanceId);
  }

  #checkMember(memberId: string, instanceId: string | null): number {
    const instance = this.#instance(instanceId);
    if (instance !== undefined && instance.id !== memberId) return code.FENCED_INSTANCE_ID;
    return this.#members.has(memberId) ? code.NONE : code.UNKNOWN_MEMBER_ID;
  }

  #check({ memberId, instanceId, generation }: Speaker): number {
    const error = this.#checkMember(memberId, instanceId);
    if (error !== code.NONE) return error;
    if (generation !== this.#generation) return code.ILLEGAL_GENERATION;
    return this.#state === 'PreparingRebalance' ? code.REBALANCE_IN_PROGRESS : code.NONE;
  }

  #instance(instanceId: string | null): Member | undefined {
    return instanceId === null ? undefined : this.members.find(member => member.instanceId === instanceId);
  }

  #welcome(request: JoinRequest): Promise<Joined> | Joined {
    const id = `${request.instanceId ?? request.clientId}-${randomUUID()}`;
    const former = this.#instance(request.instanceId);
    if (former !== undefined) {
      this.#members.delete(former.id);
      this.#dismiss(former, code.FENCED_INSTANCE_ID);
    } else if (request.instanceId === null && request.mustKnowId) {
      this.#pending.set(
        id,
        setTimeout(() => this.#forgetPending(id), request.sessionTimeoutMs),
      );
      return refuseJoin(code.MEMBER_ID_REQUIRED, id);
    }
    return this.#add(id, request);
  }

  #forgetPending(id: string, timer = this.#pending.get(id)): void {
    clearTimeout(timer);
    this.#pending.delete(id);
    this.#completeIfAllJoined();
  }

  #add(id: string, request: JoinRequest): Promise<Joined> {
    const member = new Member(id, request);
    this.#members.set(id, member);
    this.#protocolType = request.protocolType;
    return this.#waitForOthers(member);
  }

  #rejoin(member: Member, request: JoinRequest): Promise<Joined> | Joined {
    const changed = member.update(request);
    const begins = changed || (this.#state === 'Stable' && member.id === this.#leader);
    // A repeated join that changes nothing is answered again: its first answer was lost.
    if (this.#state !== 'PreparingRebalance' && !begins) {
      this.#touch(member);
      return this.#joined(member);
    }
    return this.#waitForOthers(member);
  }

  #waitForOthers(member: Member): Promise<Joined> {
    const answer = member.waitForGeneration();
    if (this.#state !== 'PreparingRebalance') this.#beginRebalance();
    this.#completeIfAllJoined();
    return answer;
  }

  #beginRebalance(): void {
    this.#state = 'PreparingRebalance';
    for (const member of this.#members.values()) {
      if (member.answerSync({ error: code.REBALANCE_IN_PROGRESS, assignment: nothing })) this.#touch(member);
      member.assignment = nothing;
    }
    const patienceMs = this.members.reduce((longest, member) => Math.max(longest, member.rebalanceTimeoutMs), 0);
    clearTimeout(this.#rebalance);
    this.#rebalance = setTimeout(() => this.#complete(), patienceMs);
  }

  #completeIfAllJoined(): void {
    if (this.#state !== 'PreparingRebalance' || this.#pending.size > 0) return;
    if (this.members.every(member => member.joining)) this.#complete();
  }

  /** Forms the next generation of those who have joined. */
  #complete(): void {
    clearTimeout(this.#rebalance);
    for (const member of this.members.filter(each => !each.joining)) {
      this.#members.delete(member.id);
      this.#dismiss(member, code.UNKNOWN_MEMBER_ID);
    }
    this.#generation += 1;
    if (this.#members.size === 0) {
      this.#state = 'Empty';
      this.#leader = null;
      return;
    }
    if (this.#leader === null || !this.#members.has(this.#leader)) this.#leader = this.members[0]!.id;
    this.#protocol = chooseProtocol(this.members);
    this.#state = 'CompletingRebalance';
    for (const member of this.#members.values()) {
      this.#touch(member);
      member.answerJoin(this.#joined(member));
    }
  }

  #joined(member: Member): Joined {
    const protocol = this.#protocol ?? '';
    const members = this.members.map(each => ({
      id: each.id,
      instanceId: each.instanceId,
      metadata: each.metadata(protocol) ?? nothing,
    }));
    return {
      error: code.NONE,
      generation: this.#generation,
      protocolType: this.#protocolType,
      protocol,
      leader: this.#leader ?? '',
      memberId: member.id,
      members: member.id === this.#leader ? members : [],
    };
  }

  #assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable';
    for (const member of this.#members.values()) {
      member.assignment = assignments.get(member.id) ?? nothing;
      this.#touch(member);
      member.answerSync({ error: code.NONE, assignment: member.assignment });
    }
  }

  /** Gives a member its session time again. */
  #touch(member: Member): void {
    member.expectWithinSession(() => {
      if (!member.waits) this.#remove(member);
    });
  }

  #remove(member: Member): void {
    this.#members.delete(member.id);
    this.#dismiss(member, code.UNKNOWN_MEMBER_ID);
    if (this.#state !== 'PreparingRebalance') this.#beginRebalance();
    this.#completeIfAllJoined();
  }

  #dismiss(member: Member, error: number): void {
    member.stopTimer();
    member.answerJoin(refuseJoin(error, member.id));
    member.answerSync({ error, assignment: nothing });
  }
}

/** Of the protocols that all know, the one that most of them prefer. */
function chooseProtocol(members: readonly Member[]): string {
  const votes = new Map<string, number>();
  for (const member of members) {
    const best = member.protocols.find(({ name }) => members.every(each => each.metadata(name) !== undefined));
    if (best !== undefined) votes.set(best.name, (votes.get(best.name) ?? 0) + 1);
  }
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}
