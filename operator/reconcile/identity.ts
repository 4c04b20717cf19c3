/**
 * Who a bridge is to its brokers, where its document does not say: the client ids and the consumer group that it has by default.
 *
 * A new bridge has its namespace in it. One that an older operator made goes on with its name alone, or its MQTT session and its offsets would be
 * those of somebody else. What was decided is written on the bridge before anything is made for it, so that a backup keeps it, and on its
 * ConfigMap, for `kubectl replace` takes annotations away. A ConfigMap that says nothing was made by an older operator.
 */
import { kinds } from '../kinds.ts';
import { annotations } from '../resources/labels.ts';
import { bridgeName } from '../resources/names.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Context } from './context.ts';

/** The resource with its identity, whether that is written on it already or not (marks.ts). */
export function identified(context: Pick<Context, 'cluster'>, resource: KubeObject): KubeObject {
  const { metadata } = resource;
  if (metadata.annotations?.[annotations.identity]) return resource;
  const marked = { ...metadata.annotations, [annotations.identity]: identityOf(context, resource) };
  return { ...resource, metadata: { ...metadata, annotations: marked } };
}

function identityOf({ cluster }: Pick<Context, 'cluster'>, { metadata }: KubeObject): string {
  const { name } = metadata;
  const namespace = metadata.namespace!;
  const made = cluster.of(kinds.configMap).get({ namespace, name: bridgeName(name) });
  if (made === undefined) return `${namespace}.${name}`;
  return made.metadata.annotations?.[annotations.identity] ?? name;
}
