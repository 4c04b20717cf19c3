/** `gateway`: who of outside is led to a Service, by the Gateway API (https://gateway-api.sigs.k8s.io). */
import type { Static } from 'typebox';
import { choice, list, optional, section, text, whole } from './fields.ts';
import { namespaceRule, objectNameRule } from './object-names.ts';

const parent = section('A Gateway, or one of its listeners.', {
  kind: choice(['Gateway', 'ListenerSet'], 'What it is.', { default: 'Gateway' }),
  name: text('Its name.', objectNameRule),
  namespace: optional(
    text(
      "Its namespace. Default: the document's own. Another one must admit routes of this one (`allowedRoutes`).",
      namespaceRule,
    ),
  ),
  sectionName: optional(
    text('The name of one of its listeners. Default: every listener that takes such routes.', objectNameRule),
  ),
  port: optional(whole('The port of its listeners. Default: any.', { minimum: 1, maximum: 65_535 })),
});

export const gateway = section('A route of the Gateway API: a TLSRoute for `hostnames`, without them a TCPRoute.', {
  parentRefs: list(parent, 'The Gateways that lead to it.', { minItems: 1 }),
  hostnames: list(
    text(
      "A name in the server's certificate, by which TLS clients ask for it; `*.` in front stands for any one level.",
      {
        pattern: '^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
        maxLength: 253,
        expected: 'a host name of small letters, digits, dashes and dots, such as mqtt.example.com',
      },
    ),
    'The names that lead here, at a listener of the mode `Passthrough` that others share. They need `tls`.',
    { unique: true, default: [] },
  ),
});

export type GatewaySection = Static<typeof gateway>;
