/** Whether a bridge may be several replicas. The document need not be complete, nor right: the operator asks before it is checked. */

export type WhyOne =
  | { readonly field: 'mqtt.share' }
  | { readonly field: 'mqtt.clients.sessions.expiry' }
  | { readonly field: 'mqtt.clients.route' }
  | { readonly field: 'rules'; readonly index: number };

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Nothing outlives a connection. */
const noTime = /^(0+([.]0+)?[a-z]+)+$/;

/**
 * Why it must be one; undefined if it may be more.
 *
 * Several replicas that clients connect to know nothing of each other's clients, and clients come to any of them: so there may be nothing that only
 * one of them has for a client.
 */
export function whyOneReplica(spec: unknown): WhyOne | undefined {
  const { mqtt, rules } = fieldsOf(spec);
  const { share, listen, clients } = fieldsOf(mqtt);
  if (listen === undefined) return share === undefined ? { field: 'mqtt.share' } : undefined;
  const { sessions, route } = fieldsOf(clients);
  const { expiry } = fieldsOf(sessions);
  if (route === true) return { field: 'mqtt.clients.route' };
  const index = listOf(rules).findIndex(rule =>
    listOf(fieldsOf(rule).sinks).some(sink => fieldsOf(sink).mqtt !== undefined),
  );
  if (index >= 0) return { field: 'rules', index };
  if (typeof expiry !== 'string' || !noTime.test(expiry)) return { field: 'mqtt.clients.sessions.expiry' };
  return undefined;
}
