/** `service`: the Service that people and programs from outside connect to. */
import type { Static } from 'typebox';
import { choice, list, optional, section, text, textMap, whole } from './fields.ts';

const fields = {
  type: choice(['ClusterIP', 'NodePort', 'LoadBalancer'], 'Who can reach it, as Kubernetes has it.', {
    default: 'ClusterIP',
  }),
  annotations: textMap('Annotations of the Service, which load balancers are configured by.', { default: {} }),
  nodePort: optional(
    whole(
      'The port of every node that leads to it, where it has one port. Default: one that Kubernetes chooses. Not with `ClusterIP`.',
      {
        minimum: 1,
        maximum: 65_535,
      },
    ),
  ),
  loadBalancerClass: optional(
    text(
      'Which load balancer there is to be, where the cluster has several. It cannot change. Only with `LoadBalancer`.',
      {
        maxLength: 316,
      },
    ),
  ),
  loadBalancerSourceRanges: list(
    text('A range of addresses, such as 203.0.113.0/24.', {
      pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$',
      expected: 'an address, a slash and a number of bits, such as 203.0.113.0/24',
    }),
    'Who may connect through the load balancer; everybody when there is none. Only with `LoadBalancer`.',
    { unique: true, default: [] },
  ),
  externalTrafficPolicy: optional(
    choice(
      ['Cluster', 'Local'],
      "`Local` keeps the clients' addresses, and leads only to Pods of the node that was reached. Not with `ClusterIP`.",
    ),
  ),
};

export const service = section('The Service that clients connect to.', fields, { default: {} });

/** The same where not every document has clients. */
export const clientsService = section(
  'The Service that MQTT clients connect to, with `mqtt.listen`. Default: one of the type `ClusterIP`.',
  fields,
);

export type ServiceSection = Static<typeof service>;
