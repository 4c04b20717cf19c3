/** Which document of a bridge runs: the newest, or while that is wrong the last good one, which the ConfigMap of the bridge holds. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { lastGoodSpec } from '../resources/bridge-document.ts';
import { bridgeName } from '../resources/names.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import type { Context } from './context.ts';
import type { CheckedResource } from './document.ts';
import { refusedNow } from './refused-changes.ts';

export interface RunningDocument {
  /** The newest. */
  readonly checked: CheckedResource;
  /** Null when there is none. */
  readonly document: MqttKafkaBridge | null;
}

/** @param resource with its identity @returns undefined while it is being checked @throws what the client throws */
export async function runningDocument(
  context: Pick<Context, 'cluster' | 'verdicts'>,
  resource: KubeObject,
  signal: AbortSignal,
): Promise<RunningDocument | undefined> {
  const checked = withoutRefused(context, resource, context.verdicts.of(keyOf(resource), resource));
  const document = checked && (checked.document ?? (await lastGood(context, resource, signal)));
  return checked === undefined || document === undefined ? undefined : { checked, document };
}

/** A document that is right by itself, and that what runs cannot become without a loss, is not. */
function withoutRefused(
  { cluster }: Pick<Context, 'cluster'>,
  resource: KubeObject,
  checked: CheckedResource | undefined,
): CheckedResource | undefined {
  if (checked?.document === undefined || resource.metadata.deletionTimestamp) return checked;
  const problems = refusedNow(cluster, resource, checked.document);
  return problems.length > 0 ? { problems } : checked;
}

async function lastGood(
  { cluster, verdicts }: Pick<Context, 'cluster' | 'verdicts'>,
  resource: KubeObject,
  signal: AbortSignal,
): Promise<MqttKafkaBridge | null | undefined> {
  const { namespace, name } = resource.metadata;
  const configMap = await cluster.observed(
    kinds.configMap,
    { namespace: namespace!, name: bridgeName(name) },
    { signal },
  );
  const spec = configMap && lastGoodSpec(configMap);
  if (spec === undefined) return null;
  return verdicts.kept(keyOf(resource), resource, spec, configMap!.metadata.resourceVersion!);
}
