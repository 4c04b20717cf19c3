/**
 * Which document each replica runs, and what is to be done so that all run the newest.
 *
 * A change that a running bridge takes changes no Pod template. The document is in a ConfigMap, the bridge looks at its file, and kubelet shows a change there
 * within two minutes; at once if something of the Pod itself changes. So a Pod is *asked*: it gets an annotation. Nothing is sent to it, and nobody needs a
 * password for it. What it answers is what it shows at /metrics.
 *
 * Pods are rolled for a document that one of them cannot take: it has refused it as one that needs a restart, its image knows of no reload, or it has
 * been silent for too long. All of this is read from the cluster each time, so an operator that is started in between goes on.
 */
import { type ErrorCode, errors } from '../../api/errors.ts';
import type { BridgeStatus } from '../../api/schema/status.ts';
import type { ObservedPod } from '../observed/observed-objects.ts';
import type { ReplicaConfig } from '../observed/replica-config.ts';

/**
 * `newest`: it runs the newest document. `pending`: it has not said so yet. `refused`: it goes on with another, and says why. `restart`: it will not
 * take it without one.
 */
export type ReplicaState = 'newest' | 'pending' | 'refused' | 'restart';

export interface ReplicaDocument {
  readonly pod: ObservedPod;
  readonly state: ReplicaState;
  /** Of the document that it runs, if that is known. */
  readonly hash: number | undefined;
  /** Of the error, if it did not take one. */
  readonly refused: string | undefined;
  /** How long ago it was first asked to take the newest, milliseconds; 0 for not yet. */
  readonly askedMs: number;
}

export interface ReplicasKnown {
  /** The number of the document that is to run. */
  readonly wanted: number;
  /** What Pods have said, by their uid. */
  readonly said: ReadonlyMap<string, ReplicaConfig>;
  /** What was known of them last, which an operator that has just started has not asked yet. */
  readonly status: Pick<BridgeStatus, 'replicaConfigs'>;
  readonly now: Date;
}

/** Kubelet shows a file within 90 s (its sync and what it keeps of a ConfigMap), and the bridge looks at it every half second. */
const takingMs = 150_000;
/** A Pod that is ready and does not answer, or one that is not ready and cannot take a document before it is. */
const silentMs = 30_000;
/** A kubelet that was asked before it had the new ConfigMap itself is asked again. */
const askAgainMs = 15_000;
/** One that is down for hours starts from the newest without being asked. */
const mostTimes = 10;

/** Refusals that no retry and no other document changes. */
const needsRestart: ReadonlySet<string> = new Set(['reload-needs-restart', 'reload-filters-overlap']);

/** @param pods of the bridge, that are not about to end */
export const replicaDocuments = (pods: readonly ObservedPod[], known: ReplicasKnown): ReplicaDocument[] =>
  pods.map(pod => replicaDocument(pod, known));

function replicaDocument(pod: ObservedPod, known: ReplicasKnown): ReplicaDocument {
  const { wanted, said, status, now } = known;
  const { uid } = pod.metadata;
  const config = said.get(uid!);
  const hash = config ? config.hash : status.replicaConfigs?.find(each => each.uid === uid)?.hash;
  const askedMs = askedFor(pod, wanted, now)?.sinceMs ?? 0;
  if (hash === wanted) return { pod, state: 'newest', hash, refused: undefined, askedMs };
  const refused = refusedCode(config, wanted, askedMs);
  const state =
    refused === undefined ? openState(pod, config, { wanted, hash, askedMs }) : refusedState(refused, askedMs);
  return { pod, state, hash, refused, askedMs };
}

/** The code of its error, if it did not take the newest document. One that could not even be read has no number, and is the newest when there was time to see it. */
function refusedCode(config: ReplicaConfig | undefined, wanted: number, askedMs: number): string | undefined {
  const { hash, code = '' } = config?.refusal ?? {};
  if (hash === undefined || (hash !== wanted && (hash !== 0 || askedMs <= silentMs))) return undefined;
  return Object.hasOwn(errors, code) ? code : 'unexpected';
}

/** Of one that waits for something to take it, it is not known yet whether a restart would help. */
const refusedState = (code: string, askedMs: number): ReplicaState =>
  needsRestart.has(code) || (code === 'reload-too-early' && askedMs > silentMs) ? 'restart' : 'refused';

/** Of one that does not run the newest document, as far as it has said. */
function openState(
  pod: ObservedPod,
  config: ReplicaConfig | undefined,
  { wanted, hash, askedMs }: { readonly wanted: number; readonly hash: number | undefined; readonly askedMs: number },
): ReplicaState {
  if (hash === undefined) {
    // It started from what was there when its StatefulSet was rolled for it.
    if (pod.startedFor === `${wanted}`) return 'newest';
    // Its image knows of no reload.
    if (config !== undefined) return 'restart';
  }
  if (config === undefined) return pod.ready && askedMs > silentMs ? 'restart' : 'pending';
  return askedMs > takingMs ? 'restart' : 'pending';
}

/** How the annotation of a Pod reads that is asked to take a document: its number, since when, and how often. */
const asked = /^(\d{1,16}) (\d{4}-\d\d-\d\dT[\d:.]{8,12}Z) (\d{1,6})$/;

function askedFor(
  { askedFor }: ObservedPod,
  wanted: number,
  now: Date,
): { readonly since: string; readonly sinceMs: number; readonly times: number } | undefined {
  const [, hash, since = '', times] = asked.exec(askedFor ?? '') ?? [];
  if (hash !== `${wanted}`) return undefined;
  const sinceMs = now.getTime() - Date.parse(since);
  return sinceMs >= 0 ? { since, sinceMs, times: Number(times) } : undefined;
}

/** What the annotation is to be, if the Pod is to be asked now. */
export function askingText({ pod, state }: ReplicaDocument, wanted: number, now: Date): string | undefined {
  if (state !== 'pending') return undefined;
  const before = askedFor(pod, wanted, now);
  if (before === undefined) return `${wanted} ${now.toISOString()} 1`;
  if (before.sinceMs < before.times * askAgainMs || before.times >= mostTimes) return undefined;
  return `${wanted} ${before.since} ${before.times + 1}`;
}

/** Whether a Pod may have to be asked again, or rolled, within seconds. */
export const isTaking = ({ state, askedMs }: ReplicaDocument): boolean => state === 'pending' && askedMs <= takingMs;

/** As the status has it. */
export const shownConfigs = (replicas: readonly ReplicaDocument[]): NonNullable<BridgeStatus['replicaConfigs']> =>
  replicas
    .map(({ pod: { metadata }, hash, refused }) => ({
      pod: metadata.name,
      uid: metadata.uid!,
      ...(hash !== undefined && { hash }),
      ...(refused !== undefined && { refused }),
    }))
    .sort((a, b) => a.pod.localeCompare(b.pod, 'en', { numeric: true }));

/** About a Pod that did not take the newest document, with what to do. */
export function refusalText({ pod, refused }: ReplicaDocument): string {
  const code = refused as ErrorCode;
  const remedy = code.startsWith('reload-')
    ? 'It tries again by itself. If that does not end, restart the bridge: kubectl mkb restart.'
    : errors[code].remedy;
  return `Pod ${pod.metadata.name} goes on with the document that it had: it could not take the newest (${code}, and its log says more). ${remedy}`;
}
