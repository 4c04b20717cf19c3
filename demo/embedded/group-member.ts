import { code } from './codes.ts';

/** What a consumer says when it joins a group. */
export interface JoinRequest {
  /** Empty for a new member. */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** How long a member may be silent, in milliseconds. */
  readonly sessionTimeoutMs: number;
  /** How long a member may take to join again when a rebalance begins, in milliseconds. */
  readonly rebalanceTimeoutMs: number;
  /** `consumer`, or another kind of group. */
  readonly protocolType: string;
  /** The assignment strategies it knows, the preferred first. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  /** Whether the client knows that a new member gets its id first (KIP-394). */
  readonly mustKnowId: boolean;
}

export interface Joined {
  readonly error: number;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly leader: string;
  readonly memberId: string;
  /** For the leader only. */
  readonly members: readonly { readonly id: string; readonly instanceId: string | null; readonly metadata: Buffer }[];
}

export interface Assigned {
  readonly error: number;
  readonly assignment: Buffer;
}

export const nothing = Buffer.alloc(0);

export const refuseJoin = (error: number, memberId: string): Joined => ({
  error,
  generation: -1,
  protocolType: null,
  protocol: null,
  leader: '',
  memberId,
  members: [],
});

/** One member of a group, and the answers it waits for. */
export class Member {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** What the leader gave it in this generation; opaque to the broker. */
  assignment: Buffer = nothing;
  #request: JoinRequest;
  #answerJoin: ((joined: Joined) => void) | undefined;
  #answerSync: ((assigned: Assigned) => void) | undefined;
  #session: NodeJS.Timeout | undefined;

  constructor(id: string, request: JoinRequest) {
    this.id = id;
    this.instanceId = request.instanceId;
    this.clientId = request.clientId;
    this.clientHost = request.clientHost;
    this.#request = request;
  }

  get rebalanceTimeoutMs(): number {
    return this.#request.rebalanceTimeoutMs;
  }

  get protocols(): JoinRequest['protocols'] {
    return this.#request.protocols;
  }

  /** Whether it has joined the generation that is being formed. */
  get joining(): boolean {
    return this.#answerJoin !== undefined;
  }

  /** Whether it waits for an answer, and so cannot send heartbeats. */
  get waits(): boolean {
    return this.joining || this.#answerSync !== undefined;
  }

  /** Its subscription for one assignment strategy; undefined when it does not know the strategy. */
  metadata(protocol: string): Buffer | undefined {
    return this.#request.protocols.find(({ name }) => name === protocol)?.metadata;
  }

  /** Takes a new join. Returns whether strategies or subscriptions differ from before. */
  update(request: JoinRequest): boolean {
    const before = this.#request.protocols;
    this.#request = request;
    const same = (name: string, metadata: Buffer, index: number): boolean =>
      before[index]?.name === name && before[index].metadata.equals(metadata);
    return (
      before.length !== request.protocols.length ||
      !request.protocols.every(({ name, metadata }, index) => same(name, metadata, index))
    );
  }

  /** A client that gave up waiting and asks again: the earlier request gets the answer to try once more. */
  waitForGeneration(): Promise<Joined> {
    this.answerJoin(refuseJoin(code.REBALANCE_IN_PROGRESS, this.id));
    return new Promise(resolve => {
      this.#answerJoin = resolve;
    });
  }

  waitForAssignment(): Promise<Assigned> {
    this.answerSync({ error: code.REBALANCE_IN_PROGRESS, assignment: nothing });
    return new Promise(resolve => {
      this.#answerSync = resolve;
    });
  }

  /** Answers a JoinGroup that waits, if one does. */
  answerJoin(joined: Joined): void {
    const answer = this.#answerJoin;
    this.#answerJoin = undefined;
    answer?.(joined);
  }

  /** Answers a SyncGroup that waits. Returns whether one did. */
  answerSync(assigned: Assigned): boolean {
    const answer = this.#answerSync;
    this.#answerSync = undefined;
    answer?.(assigned);
    return answer !== undefined;
  }

  /** Calls `silent` when the session timeout passes before this is called again. */
  expectWithinSession(silent: () => void): void {
    clearTimeout(this.#session);
    this.#session = setTimeout(silent, this.#request.sessionTimeoutMs);
  }

  stopTimer(): void {
    clearTimeout(this.#session);
  }
}
