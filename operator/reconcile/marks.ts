/**
 * What the operator writes into the bridge resource itself, in one request before anything is made for it: who the bridge is to its brokers, replicas
 * that nobody has said, and the finalizer.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { operatorName } from '../observed/observed-objects.ts';
import { annotations } from '../resources/labels.ts';
import { sessionIdentity } from '../resources/session-identity.ts';
import type { ApiClient, PatchOperation } from '../runtime/client.ts';
import type { KubeObject } from '../runtime/object.ts';

/** Holds a deleted bridge until its sessions are drained. */
export const sessionsFinalizer = 'mqttkafka.dev/sessions';

/** Whether a bridge has sessions that outlive its Pods; what waits in them would be lost with the bridge. */
export const leavesSessions = (document: MqttKafkaBridge): boolean => sessionIdentity(document) !== undefined;

export interface Marks {
  /** Who it is (identity.ts). */
  readonly identity: string;
  /** Undefined where it is not to be said. */
  readonly replicas: number | undefined;
  readonly finalizer: boolean;
}

/** How many replicas are said where a document says nothing: `kubectl scale` and autoscalers read it, and fail without it. */
export const saidReplicas = ({ spec: { bridge } }: MqttKafkaBridge): number =>
  Math.max(bridge.replicas, bridge.autoscaling?.minReplicas ?? 0);

/**
 * Writes what is missing of these.
 *
 * Only an unset number of replicas is written, so that neither a person nor an autoscaler is ever overruled; and it is nobody's field then, so that
 * whoever wants to say it has no conflict with us.
 *
 * @param resource as it was observed
 * @returns the resource as it is now
 * @throws kube-conflict when it has changed since
 */
export async function mark(
  client: Pick<ApiClient, 'patch'>,
  resource: KubeObject,
  { identity, replicas, finalizer }: Marks,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { metadata, spec } = resource as KubeObject & { spec: { bridge?: { replicas?: number } } };
  const { finalizers = [], resourceVersion } = metadata;
  const operations: PatchOperation[] = [];
  const add = (path: string, value: unknown) => operations.push({ op: 'add', path, value });
  if (metadata.annotations?.[annotations.identity] !== identity) {
    add('/metadata/annotations', { ...metadata.annotations, [annotations.identity]: identity });
  }
  if (finalizer && !finalizers.includes(sessionsFinalizer))
    add('/metadata/finalizers', [...finalizers, sessionsFinalizer]);
  const fills = replicas !== undefined && spec.bridge?.replicas === undefined;
  if (fills) add('/spec/bridge', { ...spec.bridge, replicas });
  if (operations.length === 0) return resource;
  const patch = [versionOf(resourceVersion), ...operations];
  const marked = await client.patch(kinds.bridge, metadata, patch, { signal, ...(fills && { fieldManager: fillsIn }) });
  return fills ? disowned(client, marked, signal) : marked;
}

/** Writing the version is how a patch names it. */
const versionOf = (value: string | undefined): PatchOperation => ({
  op: 'replace',
  path: '/metadata/resourceVersion',
  value,
});

/** A manager of what is written with the replicas, and of nothing else. */
const fillsIn = `${operatorName}-defaults`;

/** The resource without the note that the field is ours. https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields */
async function disowned(
  client: Pick<ApiClient, 'patch'>,
  resource: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { managedFields = [], resourceVersion } = resource.metadata;
  const others = managedFields.filter(({ manager }) => manager !== fillsIn);
  if (others.length === managedFields.length) return resource;
  // An empty list would mean that nothing is changed.
  const left = others.length > 0 ? others : [{}];
  const patch = [versionOf(resourceVersion), { op: 'replace', path: '/metadata/managedFields', value: left } as const];
  return client.patch(kinds.bridge, resource.metadata, patch, { signal });
}
