/**
 * What becomes of a KafkaTopic that is there already. One that the operator made for this bridge follows its document: Strimzi adds partitions and
 * changes settings. Any other is left alone, as it exists, and that is all that a bridge needs of it.
 *
 * Partitions never become fewer, since Kafka cannot take any away: what somebody has raised beyond the document stays.
 */
import { annotations } from '../resources/labels.ts';
import { appliedHash } from '../runtime/apply.ts';
import type { KubeObject } from '../runtime/object.ts';

interface Topic {
  readonly spec?: { readonly partitions?: number };
}

/** @returns undefined when it is not ours */
export function topicToApply(wanted: KubeObject, before: KubeObject): KubeObject | undefined {
  const { [appliedHash]: applied, [annotations.topicOf]: bridge } = before.metadata.annotations ?? {};
  // An older operator did not write for which bridge it made a topic.
  const own =
    applied !== undefined &&
    (bridge ?? wanted.metadata.annotations?.[annotations.topicOf]) ===
      wanted.metadata.annotations?.[annotations.topicOf];
  if (!own) return undefined;
  const [asked, there] = [wanted, before].map(each => (each as Topic & KubeObject).spec?.partitions);
  if (asked === undefined || there === undefined || there <= asked) return wanted;
  return { ...wanted, spec: { ...(wanted.spec as object), partitions: there } };
}
