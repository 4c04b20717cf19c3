/** What one look at a bridge has found: everything that its conditions and its status are made of. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { MkbError } from '../../api/errors.ts';
import type { Connections, Flow } from '../observed/pod-figures.ts';
import type { PodTrouble } from '../observed/pod-trouble.ts';
import type { DocumentProblem } from './document.ts';
import type { EmqxSessions } from './emqx-sessions.ts';
import type { LeftFound } from './left-sessions.ts';
import type { ReplicaDocument } from './replica-documents.ts';
import type { RouteFound } from './routes.ts';
import type { Drain } from './sessions.ts';
import type { Workload } from './workloads.ts';

export interface Findings {
  /** What is wrong with the newest document; empty when it is the one that runs. */
  readonly problems: readonly DocumentProblem[];
  /** What runs: the newest document, or the last good one; undefined when there is none. */
  readonly document: MqttKafkaBridge | undefined;
  /** Secrets and ConfigMaps that Pods of the bridge or its broker cannot start without. */
  readonly missing: readonly string[];
  /** Kinds of objects that the document asks for and that the cluster does not have. */
  readonly unserved: readonly string[];
  /** What stopped us. */
  readonly failure: MkbError | undefined;
  /** The same of the monitoring, which keeps nothing from being run. */
  readonly monitoring: { readonly missing: readonly string[]; readonly failure: MkbError | undefined };
  readonly workloads: readonly Workload[];
  /** The number of the document that is to run, and which one each replica runs; undefined while what it is made of cannot be looked up. */
  readonly configHash?: number | undefined;
  readonly replicas?: readonly ReplicaDocument[] | undefined;
  readonly drains: readonly Drain[];
  /** Why a drain that is under way does not get on. */
  readonly drainTrouble: PodTrouble | undefined;
  readonly left: readonly LeftFound[];
  readonly sessions: number;
  readonly connections: Connections;
  readonly flow: Flow | undefined;
  /** The routes to a managed broker. */
  readonly routes: readonly RouteFound[];
  /** What there is to say of the sessions of a managed EMQX. */
  readonly emqxSessions: EmqxSessions | undefined;
  /** See `BridgeStatus.endpoints`. */
  readonly endpoints: Readonly<Record<string, string>>;
}
