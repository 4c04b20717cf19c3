/** Whether the defaults of all bridges are such that bridges can run with them. */
import { checkMetadata } from '../api/checks/objects.ts';
import { type Finding, finding } from '../api/findings.ts';
import type { Path } from '../api/problems.ts';
import type { Defaults } from './defaults-schema.ts';
import { podUses } from './resources/pod-references.ts';
import { podTemplateTypos } from './typos.ts';

const path: Path = ['spec', 'defaults'];

/**
 * A Secret that every Pod of every namespace reads is one more thing that is missing somewhere: those of a bridge are named by its own
 * document, where the operator looks for them and rolls the Pods when they change.
 */
export function checkDefaults({ metadata = { labels: {}, annotations: {} }, podTemplate }: Defaults): Finding[] {
  const read = podUses(podTemplate).map(({ kind, name }) => `${kind} ${name}`);
  const reason = `Pods would read ${[...new Set(read)].join(', ')} in the namespace of each bridge.`;
  return [
    ...checkMetadata([...path, 'metadata'], metadata),
    ...podTemplateTypos(podTemplate, [...path, 'podTemplate']),
    ...(read.length > 0
      ? [
          finding(
            [...path, 'podTemplate'],
            'field-conflict',
            { reason },
            { at: 'key', remedy: 'Name it in the podTemplate of the bridges that need it.' },
          ),
        ]
      : []),
  ];
}
