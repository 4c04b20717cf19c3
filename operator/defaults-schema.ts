/** `spec.defaults` of the operator's configuration: what bridges get whose documents do not say otherwise. */
import type { Static } from 'typebox';
import { list, optional, section, text } from '../api/schema/fields.ts';
import { objectMetadata } from '../api/schema/objects.ts';
import { podTemplate, resources } from '../api/schema/workload.ts';

const resourcesOfParts = section(
  'CPU and memory of each part, for documents that do not say.',
  {
    bridge: resources(),
    broker: resources(),
    exporter: resources(),
    prometheus: resources(),
    grafana: resources(),
  },
  { default: {} },
);

export const defaults = section(
  'What every bridge gets, under what its document says. A change rolls the Pods that it concerns.',
  {
    registry: optional(
      text(
        'A registry, with a path if it needs one, for those of `images` that name none: `mkb:1` is pulled as `registry.example/mirror/mkb:1`. Bridges that run keep their images, unless they follow (`imageUpdates`).',
        {
          pattern: '^[^\\s/@]+(/[^\\s/@]+)*$',
          expected: 'a host, with a port and a path if it needs them, such as registry.example:5000/mirror',
        },
      ),
    ),
    imagePullSecrets: list(
      text('The name of one.'),
      'Secrets that images are pulled with. They must be in the namespace of each bridge.',
      { unique: true, default: [] },
    ),
    metadata: optional(objectMetadata),
    podTemplate: podTemplate(),
    resources: resourcesOfParts,
  },
  { default: {} },
);

export type Defaults = Static<typeof defaults>;
