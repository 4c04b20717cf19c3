/** Fewer partitions of a topic than a document has had: Kafka takes none away, so this is refused where it would otherwise do nothing. */
import { MkbError } from '../../api/errors.ts';
import type { DocumentProblem } from '../reconcile/document.ts';
import { annotations } from '../resources/labels.ts';
import type { KubeObject } from '../runtime/object.ts';

const field = 'kafka.topics';

/** @param resource a document that is right */
export function loweredPartitions(resource: KubeObject, before: KubeObject | null | undefined): DocumentProblem[] {
  const accepted = (resource.metadata.annotations?.[annotations.acceptChanges] ?? '').split(/[\s,]+/);
  if (!before || accepted.includes(field)) return [];
  const had = new Map(topicsOf(before).map(({ name, partitions = 1 }) => [name, partitions]));
  return topicsOf(resource).flatMap(({ name, partitions = 1 }, index) => {
    const from = had.get(name) ?? 0;
    // -1 is the cluster's own default, which nobody knows here.
    if (partitions < 0 || partitions >= from) return [];
    const { code, message, remedy } = new MkbError('kafka-partitions-lowered', { topic: name, from, to: partitions });
    return [{ code, inRules: false, message: `spec.${field}[${index}].partitions: ${message} ${remedy}` }];
  });
}

interface Topics {
  readonly spec?: {
    readonly kafka?: { readonly topics?: readonly { readonly name: string; readonly partitions?: number }[] };
  };
}

const topicsOf = (object: KubeObject) => (object as Topics & KubeObject).spec?.kafka?.topics ?? [];
