/** `spec.metadata` and `spec.overrides`: what people add to the objects that the operator makes. */
import type { Static } from 'typebox';
import { choice, list, optional, passedOn, section, textMap } from './fields.ts';
import { overridable, overridableKinds } from './overridable.ts';

export const components = ['bridge', 'broker', 'exporter', 'prometheus', 'grafana', 'drain'] as const;

export const objectMetadata = section(
  'Labels and annotations of every object that the operator makes, and of its Pods. Labels that it selects by are its own. A change rolls the Pods.',
  {
    labels: textMap('Labels.', { default: {} }),
    annotations: textMap('Annotations.', { default: {} }),
  },
);

const override = section('A patch of objects of one kind.', {
  kind: choice(overridableKinds, 'The kind of the objects.'),
  component: optional(choice(components, 'The part that they belong to. Default: all of them.')),
  patch: passedOn(
    `What to merge over the object, as a strategic merge does: mappings field by field, ports of a Service by their number, other lists as a whole; \`null\` takes a field away. It may have \`metadata.labels\`, \`metadata.annotations\` and these fields: ${described()}. Pods have \`podTemplate\`.`,
  ),
});

function described(): string {
  return overridableKinds
    .filter(kind => overridable[kind].length > 0)
    .map(kind => `${kind} ${overridable[kind].map(path => `\`${path}\``).join(', ')}`)
    .join('; ');
}

export const overrides = list(
  override,
  'Patches of what the operator makes, one after the other, where the document has no field for something. Names, owners, selectors and Pods are never patched.',
  { default: [] },
);

export type ObjectMetadata = Static<typeof objectMetadata>;
export type Override = Static<typeof override>;
