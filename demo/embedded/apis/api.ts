import type { Cluster } from '../cluster.ts';
import type { MetFaults, Target } from '../faults.ts';
import type { AnswerWriter, RequestReader } from '../wire.ts';
import type { ApiName } from './names.ts';

/** One request on its way: who sent it, where it arrived, and what a test wants to go wrong with it. */
export interface Call {
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** The address by which the client reached this node, and so the one that it gets for the others too. */
  readonly brokerHost: string;
  /** The node that the request was sent to. */
  readonly node: number;
  readonly cluster: Cluster;
  readonly faults: MetFaults;
  /** Aborted when the client's connection closes: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** One API of the protocol: how its requests are read, what they do, how the answer is written. */
export interface Api<Request, Answer> {
  readonly name: ApiName;
  /** Versions taken, both inclusive. */
  readonly versions: readonly [min: number, max: number];
  /** The first version with compact fields and tagged fields (KIP-482). */
  readonly flexibleFrom: number;
  /** The lowest version that ApiVersions names, where it is not the lowest that is taken. */
  readonly advertisedFrom?: number;
  read(from: RequestReader): Request;
  /** The topics and partitions a request is about, for faults that name one. */
  targets?(request: Request): readonly Target[];
  act(request: Request, call: Call): Answer | WithoutAnswer | Promise<Answer>;
  write(to: AnswerWriter, answer: Answer): void;
}

/** Returned by an act whose client waits for no answer (acks=0). */
export const noAnswer = Symbol('no answer');

/** Returned by an act that can only report an error by closing the connection. */
export const hangUp = Symbol('hang up');

export type WithoutAnswer = typeof noAnswer | typeof hangUp;

/** An API with its types forgotten, as the table of all APIs keeps it. */
export type AnyApi = Api<unknown, unknown>;

/** Checks an API's own types where it is defined. */
export const defineApi = <Request, Answer>(api: Api<Request, Answer>): AnyApi => api as unknown as AnyApi;
