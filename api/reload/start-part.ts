/**
 * What of a document a process is started for: everything whose change needs a restart. Two documents with the same start part are taken from one
 * another by a process that runs, unless it finds a reason of its own (what its rules connect to, filters that overlap) and refuses.
 */
import type { MqttKafkaBridge } from '../bridge.ts';
import { identityOf } from '../complete.ts';
import { formatPath, type Path } from '../problems.ts';
import { handlingOf } from './fields.ts';

/** @param document complete */
export const startPart = (document: MqttKafkaBridge): unknown => [without(document, []), identityOf(document.metadata)];

function without(value: unknown, path: Path): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([name]) => {
    const handling = handlingOf[formatPath([...path, name])];
    return handling === undefined || handling === 'restart';
  });
  return Object.fromEntries(kept.map(([name, inner]) => [name, without(inner, [...path, name])]));
}
