/** The replicas of a bridge in a look at it: which document they run, whether they are rolled for it, and how they are asked to take it. */
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import { ownPods } from '../observed/bridge-pods.ts';
import { annotationPath, askedFor, configHash, inputsHash, startedFor } from '../resources/labels.ts';
import { bridgeName } from '../resources/names.ts';
import type { Observed } from '../resources/pipeline.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import { askingText, type ReplicaDocument, replicaDocuments } from './replica-documents.ts';
import { statusOf } from './report.ts';
import type { Visit } from './visit.ts';

const keyOfOwn = ({ metadata: { namespace, name } }: KubeObject) => ({ namespace: namespace!, name: bridgeName(name) });

const alive = ({ context: { cluster }, resource }: Visit) =>
  ownPods(cluster, resource).filter(({ metadata }) => !metadata.deletionTimestamp);

/** Which document each replica runs, of what is known now. @param wanted the number of the document that is to run */
export function lookAtReplicas(visit: Visit, wanted: number): ReplicaDocument[] {
  const { context, resource } = visit;
  const key = keyOf(resource);
  context.expect(key, wanted);
  const said = context.figures(key).replicas;
  return replicaDocuments(alive(visit), { wanted, said, status: statusOf(resource), now: context.now() });
}

interface Templated {
  readonly spec?: { readonly template?: { readonly metadata?: { readonly annotations?: Record<string, string> } } };
}

/** The annotations of the Pod template as it is. */
function notesOf({ context: { cluster }, resource }: Visit): Readonly<Record<string, string>> {
  const set = cluster.of(kinds.statefulSet).get(keyOfOwn(resource)) as (Templated & KubeObject) | undefined;
  return set?.spec?.template?.metadata?.annotations ?? {};
}

/** What Pods were rolled for last, unless one of them needs to be rolled now. */
export function rolledNow(visit: Visit, replicas: readonly ReplicaDocument[]): Observed['rolled'] {
  if (replicas.some(({ state }) => state === 'restart')) return undefined;
  const { [inputsHash]: inputs, [startedFor]: document } = notesOf(visit);
  return inputs === undefined || document === undefined ? undefined : { inputs, document };
}

/** Whether each replica started from the document that was applied last, and so has done all that a start does. */
export function haveStarted({ context: { cluster }, resource }: Visit, pods: readonly KubeObject[]): boolean {
  const applied = cluster.of(kinds.configMap).get(keyOfOwn(resource))?.metadata.annotations?.[configHash];
  if (applied === undefined) return true;
  const names = new Set(pods.map(({ metadata }) => metadata.name));
  return ownPods(cluster, resource).every(pod => !names.has(pod.metadata.name) || pod.startedFor === applied);
}

/**
 * Has kubelet show the Pods their files, those that are to take the newest document and have not said that they did. Not those that are about to be replaced: they could only refuse.
 */
export async function askReplicas(visit: Visit, wanted: number): Promise<void> {
  const { context, deeds, resource, signal } = visit;
  const { name } = keyOfOwn(resource);
  if (
    deeds.some(
      ({ kind, object, outcome }) =>
        kind === kinds.statefulSet && object.metadata.name === name && outcome !== 'unchanged',
    )
  )
    return;
  const current = notesOf(visit)[startedFor];
  const asked = lookAtReplicas(visit, wanted).flatMap(replica => {
    if (replica.pod.startedFor !== current) return [];
    const text = askingText(replica, wanted, context.now());
    return text === undefined ? [] : [{ ...replica.pod.metadata, text }];
  });
  await Promise.all(
    asked.map(async ({ uid, text, ...key }) => {
      try {
        await context.cluster.client.patch(
          kinds.pod,
          { namespace: key.namespace!, name: key.name },
          [
            // Another Pod of this name has started from the newest document.
            { op: 'test', path: '/metadata/uid', value: uid },
            { op: 'add', path: annotationPath(askedFor), value: text },
          ],
          { signal },
        );
      } catch (error) {
        if (!MkbError.is(error, 'kube-not-found') && !MkbError.is(error, 'kube-invalid')) throw error;
      }
    }),
  );
}
