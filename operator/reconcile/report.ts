/** From what was found to the status of a bridge. */
import type { BridgeStatus, Condition } from '../../api/schema/status.ts';
import { selectorLabels } from '../resources/labels.ts';
import type { KubeObject } from '../runtime/object.ts';
import { plainText } from '../runtime/plain-text.ts';
import { setCondition } from '../runtime/status.ts';
import { type Answer, conditionTypes } from './answer.ts';
import { answers } from './conditions.ts';
import type { Findings } from './findings.ts';
import { flowTexts } from './flow.ts';
import { shownConfigs } from './replica-documents.ts';
import type { Workload } from './workloads.ts';

export const statusOf = ({ status }: KubeObject): BridgeStatus => (status ?? {}) as BridgeStatus;

/** The status of a bridge that was looked at. */
export function reported(resource: KubeObject, findings: Findings, now: Date): BridgeStatus {
  const old = statusOf(resource);
  const { generation } = resource.metadata;
  const { document, workloads, sessions, endpoints } = findings;
  const bridge = workloads.find(({ component }) => component === 'bridge');
  const { leftSessions: _, ...kept } = withConditions(resource, answers(findings), now);
  return {
    ...kept,
    ...appliedGeneration(findings, generation, old),
    replicas: bridge?.current ?? 0,
    readyReplicas: bridge?.ready ?? 0,
    updatedReplicas: bridge?.updated ?? 0,
    selector: selectorText(resource.metadata.name),
    ...(document && { rules: document.spec.rules.length }),
    sessions,
    ...leftShown(findings, old),
    ...flowShown(findings, bridge, old),
    ...(findings.configHash !== undefined && { configHash: findings.configHash }),
    ...(findings.replicas && { replicaConfigs: shownConfigs(findings.replicas) }),
    // The API server makes null of a map that was not empty before.
    ...(Object.keys(endpoints).length > 0 && { endpoints }),
  };
}

/** Unknown while nothing could be looked up: then what was known last is all that there is to say. */
function leftShown({ left, failure }: Findings, old: BridgeStatus): Pick<BridgeStatus, 'leftSessions'> {
  const shown = left.map(({ broker, clientId, share, sessions }) => ({
    broker,
    clientId,
    ...(share !== undefined && { share }),
    sessions,
  }));
  if (shown.length === 0 && failure && old.leftSessions) return { leftSessions: old.leftSessions };
  return shown.length > 0 ? { leftSessions: shown } : {};
}

/** What was last known stays while Pods run: an operator that has just started has asked none of them twice. */
function flowShown({ flow }: Findings, bridge: Workload | undefined, old: BridgeStatus): Pick<BridgeStatus, 'flow'> {
  const shown = flow ? flowTexts(flow, old.flow) : old.flow;
  return shown && bridge && bridge.current > 0 ? { flow: shown } : {};
}

/** The generation that runs, if the newest one was not applied yet; 0 for none. */
export function waitsBehind(resource: KubeObject): number | undefined {
  const { appliedGeneration = 0 } = statusOf(resource);
  return appliedGeneration === resource.metadata.generation ? undefined : appliedGeneration;
}

/** The newest document runs as soon as nothing has kept us from applying it. */
function appliedGeneration(
  { problems, failure, missing }: Findings,
  generation: number | undefined,
  old: BridgeStatus,
): Pick<BridgeStatus, 'appliedGeneration'> {
  const applied = problems.length === 0 && missing.length === 0 && !failure ? generation : old.appliedGeneration;
  return applied === undefined ? {} : { appliedGeneration: applied };
}

/** The status as it was, with these answers in it. */
export function withConditions(resource: KubeObject, newest: readonly Answer[], now: Date): BridgeStatus {
  const old = statusOf(resource);
  const observedGeneration = resource.metadata.generation!;
  let conditions: Condition[] = (old.conditions ?? []).filter(({ type }) => known.has(type));
  for (const each of newest)
    conditions = setCondition(conditions, { ...each, message: shown(each.message), observedGeneration }, now);
  return { ...old, observedGeneration, conditions };
}

/** The API server takes 32,768 characters. */
const shown = (message: string): string => plainText(message.slice(0, 16_384));

const known: ReadonlySet<string> = new Set(conditionTypes);

/** As `kubectl get -l` and autoscalers take it. */
const selectorText = (name: string): string =>
  Object.entries(selectorLabels(name, 'bridge'))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
