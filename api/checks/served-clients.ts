/** What the operator makes for the clients of `mqtt.listen`, and how many replicas may serve them. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import { whyOneReplica } from '../replicas.ts';
import type { BridgeSection } from '../schema/bridge.ts';
import type { MqttSection } from '../schema/mqtt.ts';
import type { SemanticCheck } from './check.ts';
import { checkGateway } from './gateway.ts';
import { checkService } from './service.ts';

const bridgePath: Path = ['spec', 'bridge'];

export const servedClientsChecks: readonly SemanticCheck[] = [
  { reads: [bridgePath, ['spec', 'mqtt']], check: ({ spec: { bridge, mqtt } }) => checkEntrances(bridge, mqtt) },
  {
    reads: [bridgePath, ['spec', 'mqtt'], ['spec', 'rules']],
    check: ({ spec }) => (spec.mqtt.listen === undefined ? [] : checkReplicas(spec.bridge, spec)),
  },
];

const conflict = (path: Path, reason: string, remedy: string): Finding =>
  finding(path, 'field-conflict', { reason }, { at: 'key', remedy });

/** How clients of outside come in. */
function checkEntrances({ service, gateway }: BridgeSection, { listen }: MqttSection): Finding[] {
  if (listen === undefined) {
    const given = { service, gateway };
    return (['service', 'gateway'] as const)
      .filter(name => given[name] !== undefined)
      .map(name => {
        const reason = `\`${name}\` leads MQTT clients to the bridge, and without \`mqtt.listen\` none connect to it.`;
        return conflict([...bridgePath, name], reason, `Leave it out; a managed broker has \`broker.${name}\`.`);
      });
  }
  const path: Path = [...bridgePath, 'service'];
  const found = service ? checkService(path, service) : [];
  if (service?.nodePort !== undefined && listen.length > 1) {
    const reason = `\`nodePort\` is one port, and \`listen\` has ${listen.length}.`;
    const remedy = 'Leave it out; `spec.overrides` gives each port of the Service one of its own.';
    found.push(conflict([...path, 'nodePort'], reason, remedy));
  }
  const withTls = listen.some(({ tls }) => tls !== undefined);
  return [...found, ...checkGateway([...bridgePath, 'gateway'], gateway, withTls ? undefined : '`tls` of a port')];
}

function checkReplicas({ replicas, autoscaling }: BridgeSection, spec: unknown): Finding[] {
  const most = Math.max(replicas, autoscaling?.maxReplicas ?? 0);
  const why = most > 1 ? whyOneReplica(spec) : undefined;
  if (why === undefined) return [];
  const one = autoscaling ? 'leave out `bridge.autoscaling`' : 'set `bridge.replicas` to 1';
  const refused = (path: Path, reason: string, remedy: string) => [conflict(path, reason, `${remedy}, or ${one}.`)];
  switch (why.field) {
    case 'rules':
      return refused(
        ['spec', 'rules', why.index, 'sinks'],
        `Each message would reach the clients of one of the ${most} replicas only, and be lost for those of the others.`,
        'Give the clients that it is for a bridge of their own, of one replica',
      );
    case 'mqtt.clients.route':
      return refused(
        ['spec', 'mqtt', 'clients', 'route'],
        `A client would get only what clients of the same one of the ${most} replicas publish.`,
        'Leave out `route`',
      );
    default:
      return refused(
        ['spec', 'mqtt', 'clients'],
        `A session lives in one of the ${most} replicas, and its client may come back to another.`,
        'Set `mqtt.clients.sessions.expiry: 0s`',
      );
  }
}
