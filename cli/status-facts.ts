/** What `mkb status` knows of a bridge: the resource as the API server has it, and what follows from it. Its JSON is what `--output json` prints. */
import type { BridgeStatus, Condition } from '../api/schema/status.ts';
import type { KubeObject } from '../operator/runtime/object.ts';
import type { BridgeEvent } from './status-events.ts';

export interface BridgeFacts {
  readonly namespace: string;
  readonly name: string;
  /** Whether the newest document runs on all of its replicas, as far as the operator has told. */
  readonly ready: boolean;
  /** Why, in one word. */
  readonly reason: string;
  /** Why, for people. */
  readonly message: string;
  /** RFC 3339. */
  readonly created: string;
  /** Counts changes of the document. */
  readonly generation: number;
  /** Replicas that are wanted; left out until the operator has filled it in. */
  readonly wanted?: number;
  readonly status: BridgeStatus;
  /** The last events, newest first; only where somebody asked for this bridge by name, and may see events. */
  readonly events?: readonly BridgeEvent[];
}

interface Bridge extends KubeObject {
  readonly spec?: { readonly bridge?: { readonly replicas?: number } };
  readonly status?: BridgeStatus;
}

export const factsOf = (object: KubeObject): BridgeFacts => {
  const { metadata, spec, status = {} } = object as Bridge;
  const wanted = spec?.bridge?.replicas;
  return {
    namespace: metadata.namespace!,
    name: metadata.name,
    ...verdict(metadata, status),
    created: metadata.creationTimestamp!,
    generation: metadata.generation!,
    ...(wanted !== undefined && { wanted }),
    status,
  };
};

/** The same once it is gone. */
export const goneFacts = (facts: BridgeFacts): BridgeFacts => ({
  ...facts,
  ready: false,
  reason: 'Deleted',
  message: 'It has been deleted.',
});

type Verdict = Pick<BridgeFacts, 'ready' | 'reason' | 'message'>;

/**
 * What the operator says in `Ready`, unless it says it of something else: a document that has been changed since, or a bridge that is on its
 * way out. Whoever waits for a change to be ready must not be told so by what was before it.
 */
const verdict = (
  { deletionTimestamp, generation = 0 }: KubeObject['metadata'],
  { conditions = [] }: BridgeStatus,
): Verdict => {
  if (deletionTimestamp !== undefined) {
    return no(
      'Deleting',
      'It is being deleted; sessions that a broker outside of the cluster keeps are drained first.',
    );
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  const paused = conditions.find(({ type, status }) => type === 'Paused' && status === 'True');
  const seen = ready?.observedGeneration ?? generation;
  if (ready === undefined) {
    return no('NotLookedAt', 'No operator has looked at it yet. Does one run, and does it work in this namespace?');
  }
  if (seen < generation) {
    return no(paused ? 'Paused' : 'NotLookedAt', paused?.message ?? `The operator has not looked at the change yet.`);
  }
  const { status, reason, message } = ready;
  if (status === 'True' && paused) return { ready: true, reason: 'Paused', message: paused.message };
  return { ready: status === 'True', reason, message };
};

const no = (reason: string, message: string): Verdict => ({ ready: false, reason, message });

/** What each condition is when all is well. */
const wholesome: Readonly<Record<string, Condition['status']>> = {
  Ready: 'True',
  Degraded: 'False',
  RulesValid: 'True',
  BrokerReady: 'True',
  KafkaReachable: 'True',
  MonitoringReady: 'True',
  Paused: 'False',
  Stalled: 'False',
};

/** `open`: it is under way, or not known. `plain`: it is no news. */
export type News = 'good' | 'bad' | 'open' | 'plain';

/** What a condition is to whoever looks after the bridge. */
export const newsOf = ({ type, status }: Condition): News => {
  if (type === 'Progressing' || type === 'Reconciling') return status === 'True' ? 'open' : 'plain';
  const good = wholesome[type];
  if (good === undefined) return 'plain';
  if (status === 'Unknown') return 'open';
  return status === good ? 'good' : 'bad';
};

/** Conditions that are bad news of a bridge that is ready: it moves messages, and somebody should look all the same. */
export const concerns = ({ ready, status }: BridgeFacts): readonly Condition[] =>
  ready ? (status.conditions ?? []).filter(each => newsOf(each) === 'bad') : [];
