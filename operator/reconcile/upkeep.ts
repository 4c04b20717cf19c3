/** What the operator writes into the bridge resource itself: replicas that nobody has said, and the finalizer. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { operatorName } from '../observed/observed-objects.ts';
import { sessionIdentity } from '../resources/session-identity.ts';
import type { ApiClient, PatchOperation } from '../runtime/client.ts';
import type { KubeObject } from '../runtime/object.ts';

/** Holds a deleted bridge until its sessions are drained. */
export const sessionsFinalizer = 'mqttkafka.dev/sessions';

/**
 * Writes `spec.bridge.replicas` where it is not said: `kubectl scale` and autoscalers read it, and fail without it. Only an unset field is
 * written, so that neither a person nor an autoscaler is ever overruled; and it is nobody's field then, so that whoever wants to say it has no
 * conflict with us.
 *
 * @returns the resource as it is now
 */
export async function fillReplicas(
  client: ApiClient,
  resource: KubeObject,
  document: MqttKafkaBridge,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { bridge } = resource.spec as { bridge?: { replicas?: number } };
  if (bridge?.replicas !== undefined) return resource;
  const { autoscaling, replicas } = document.spec.bridge;
  const { apiVersion, kind } = kinds.bridge;
  const { name, namespace, uid } = resource.metadata;
  const spec = { bridge: { replicas: Math.max(replicas, autoscaling?.minReplicas ?? 0) } };
  const metadata = { name, namespace, uid } as KubeObject['metadata'];
  const filled = await client.apply(
    kinds.bridge,
    { apiVersion, kind, metadata, spec },
    { fieldManager: fillsIn, signal },
  );
  return disowned(client, filled, signal);
}

/** A manager of this field alone. */
const fillsIn = `${operatorName}-defaults`;

/** The resource without the note that the field is ours. https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields */
async function disowned(client: ApiClient, resource: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const { managedFields = [], resourceVersion } = resource.metadata;
  const others = managedFields.filter(({ manager }) => manager !== fillsIn);
  if (others.length === managedFields.length) return resource;
  const patch: PatchOperation[] = [
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    // An empty list would mean that nothing is changed.
    { op: 'replace', path: '/metadata/managedFields', value: others.length > 0 ? others : [{}] },
  ];
  return client.patch(kinds.bridge, resource.metadata, patch, { signal });
}

/** Whether a bridge has sessions that outlive its Pods; what waits in them would be lost with the bridge. */
export const leavesSessions = (document: MqttKafkaBridge): boolean => sessionIdentity(document) !== undefined;
