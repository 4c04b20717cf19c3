/** `spec.bridge`: how the operator runs the bridge. */
import type { Static } from 'typebox';
import { duration, optional, section, size, text, whole } from './fields.ts';
import { gateway } from './gateway.ts';
import { clientsService } from './service.ts';
import { image, podTemplate, resources } from './workload.ts';

/** As long as `mkb drain` takes at most unless it is called with another time. */
export const defaultDrainTimeout = '10m';

const autoscaling = section(
  'Let a HorizontalPodAutoscaler choose `replicas`. Needs `mqtt.share`, or `mqtt.listen`; leave out `replicas` then, for it is the autoscaler that writes it.',
  {
    minReplicas: whole('The fewest replicas.', { minimum: 1, maximum: 999, default: 1 }),
    maxReplicas: whole('The most replicas.', { minimum: 1, maximum: 999 }),
    cpu: optional(
      whole("The share of the CPU request to keep the replicas at, in percent. Needs the cluster's metrics server.", {
        minimum: 1,
        maximum: 1000,
      }),
    ),
    backlog: optional(
      whole(
        'How many messages in flight to keep per replica. Needs an adapter that serves the metric `mkb_messages_in_flight` of Pods, summed over its label `source`.',
        { minimum: 1, maximum: 1_000_000 },
      ),
    ),
    connections: optional(
      whole(
        'How many MQTT clients to keep per replica, with `mqtt.listen`. Needs an adapter that serves the metric `mkb_clients_connected` of Pods.',
        { minimum: 1, maximum: 1_000_000 },
      ),
    ),
  },
);

export const bridge = section(
  'How the operator runs the bridge.',
  {
    replicas: whole('How many bridges share the work; 0 stops them. `mkb run` is always one.', {
      minimum: 0,
      maximum: 999,
      default: 1,
    }),
    autoscaling: optional(autoscaling),
    service: optional(clientsService),
    gateway: optional(gateway),
    image: image('the bridge'),
    resources: resources(),
    podTemplate: podTemplate(),
    storage: optional(
      size(
        'Size of the volume that each replica keeps its buffer on, with `delivery.buffer.mode: disk`. It can grow, where the StorageClass allows that. Default: `delivery.buffer.maxBytes`, a quarter more, and 64 MiB.',
        { min: '1MiB', max: '64TiB' },
      ),
    ),
    storageClassName: optional(
      text("The StorageClass of these volumes. It cannot change. Default: the cluster's own.", { maxLength: 253 }),
    ),
    drainTimeout: duration(
      'How long draining an MQTT session that the bridge gives up may take. A deleted bridge stays for as long; then it goes, and an event says what is left. A session of a bridge that stays is drained again later. 0s: a deleted bridge goes at once, and its sessions are left to expire.',
      { min: '0s', max: '7d', step: '1s', default: defaultDrainTimeout },
    ),
  },
  { default: {} },
);

export type BridgeSection = Static<typeof bridge>;
