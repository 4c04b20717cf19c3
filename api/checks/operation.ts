/** What the operator is asked to run: brokers, autoscalers, monitoring. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { BridgeSection } from '../schema/bridge.ts';
import type { BrokerSection } from '../schema/broker.ts';
import type { MonitoringSection } from '../schema/monitoring.ts';
import type { MqttSection } from '../schema/mqtt.ts';
import type { SemanticCheck } from './check.ts';
import { checkGateway } from './gateway.ts';
import { checkService } from './service.ts';

/** The bridge's own user at a broker that the operator runs. */
export const bridgeUser = 'mkb-bridge';
/** The exporter's. */
export const exporterUser = 'mkb-exporter';
/** Who brings a broker its MqttUsers. */
export const managerUser = 'mkb-users';

const ownUsers: Readonly<Record<string, string>> = {
  [bridgeUser]: 'the bridge itself',
  [exporterUser]: 'the exporter',
  [managerUser]: 'who brings the broker its MqttUsers',
};

const bridge: Path = ['spec', 'bridge'];
const broker: Path = ['spec', 'mqtt', 'broker'];

export const operationChecks: readonly SemanticCheck[] = [
  {
    reads: [['spec', 'mqtt']],
    check: ({ spec: { mqtt } }) =>
      mqtt.broker
        ? [
            ...checkBroker(mqtt.broker),
            ...checkGateway([...broker, 'gateway'], mqtt.broker.gateway, mqtt.broker.tls ? undefined : '`broker.tls`'),
            ...checkIdentity(mqtt),
            ...checkService([...broker, 'service'], mqtt.broker.service),
          ]
        : [],
  },
  {
    reads: [bridge, ['spec', 'mqtt']],
    check: ({ spec: { bridge, mqtt } }) => checkAutoscaling(bridge, mqtt),
  },
  {
    reads: [['spec', 'monitoring']],
    check: ({ spec: { monitoring } }) => [
      ...checkGrafana(monitoring!),
      ...(monitoring!.grafana
        ? checkService(['spec', 'monitoring', 'grafana', 'service'], monitoring!.grafana.service)
        : []),
    ],
  },
];

const conflict = (path: Path, reason: string, remedy: string): Finding =>
  finding(path, 'field-conflict', { reason }, { at: 'key', remedy });

/** A broker goes through all of them for each message. */
const mostFilters = 200;

const checkBroker = ({ kind, replicas, users, access, anonymous }: BrokerSection): Finding[] => {
  const found: Finding[] = [];
  if (access && anonymous) {
    const reason = '`access` is given, but `anonymous` clients need not say who they are.';
    found.push(conflict([...broker, 'access'], reason, 'Leave out `anonymous`.'));
  }
  if (kind === 'mosquitto' && replicas > 1) {
    const reason = `\`replicas\` is ${replicas}, and mosquitto does not scale out.`;
    found.push(conflict([...broker, 'replicas'], reason, 'Use one replica, or the kind emqx.'));
  }
  for (const name of ['publish', 'subscribe'] as const) {
    access?.[name].forEach((entry, index) => {
      if (!entry.startsWith('$CONTROL')) return;
      const reason = `\`${entry}\` are the topics by which the broker is managed.`;
      found.push(conflict([...broker, 'access', name, index], reason, 'Leave it out.'));
    });
    if ((access?.[name].length ?? 0) <= mostFilters) continue;
    const reason = `\`${name}\` has more than ${mostFilters} filters.`;
    found.push(
      conflict([...broker, 'access', name], reason, 'Use wildcards, or `${username}` in place of one filter for each.'),
    );
  }
  users.forEach(({ username }, index) => {
    const reason =
      taken(username) ??
      (access && /[/+#]/.test(username) ? `\`${username}\` is several levels of a topic, or a wildcard.` : undefined) ??
      (kind === 'mosquitto' ? unfitForMosquitto(username) : undefined);
    if (reason !== undefined)
      found.push(conflict([...broker, 'users', index, 'username'], reason, 'Choose another name.'));
  });
  return found;
};

const checkIdentity = (mqtt: MqttSection): Finding[] =>
  (['auth', 'tls'] as const)
    .filter(name => mqtt[name] !== undefined)
    .map(name => {
      const reason = `\`${name}\` is given, but at a broker that the operator runs the bridge has a user of its own.`;
      return conflict(['spec', 'mqtt', name], reason, `Leave out \`${name}\`; what clients need is in \`broker\`.`);
    });

function taken(username: string): string | undefined {
  const whose = Object.hasOwn(ownUsers, username) ? ownUsers[username] : undefined;
  return whose && `The user ${username} is ${whose}.`;
}

/** Its password file has lines `name:hash`, of which it trims the name, and comments after `#` [mosquitto_passwd(1)]. */
const unfitForMosquitto = (username: string): string | undefined =>
  username.includes(':') || username.startsWith('#') || username !== username.trim()
    ? `Mosquitto knows no user called "${username}": a name has no \`:\`, no \`#\` in front and no space at either end.`
    : undefined;

const checkAutoscaling = ({ autoscaling }: BridgeSection, { share, listen }: MqttSection): Finding[] => {
  if (autoscaling === undefined) return [];
  const path = [...bridge, 'autoscaling'];
  const { minReplicas, maxReplicas, cpu, backlog, connections } = autoscaling;
  const found: Finding[] = [];
  if (share === undefined && listen === undefined) {
    const reason = '`mqtt.share` is missing: without it each replica would read, and write, every message.';
    found.push(conflict(path, reason, 'Add `mqtt.share: <a name of your own>`.'));
  }
  if (minReplicas > maxReplicas) {
    const reason = `\`minReplicas\` (${minReplicas}) is above \`maxReplicas\` (${maxReplicas}).`;
    found.push(conflict([...path, 'minReplicas'], reason, 'Raise maxReplicas.'));
  }
  if (connections !== undefined && listen === undefined) {
    const reason = '`connections` are those of `mqtt.listen`, and without it no clients connect to the bridge.';
    found.push(conflict([...path, 'connections'], reason, 'Use `cpu` or `backlog`.'));
  }
  if (cpu === undefined && backlog === undefined && connections === undefined) {
    const reason = 'None of `cpu`, `backlog` and `connections` says what to scale by.';
    found.push(conflict(path, reason, 'Add one, such as `cpu: 80`.'));
  }
  return found;
};

const checkGrafana = ({ prometheus, grafana }: MonitoringSection): Finding[] => {
  if (
    grafana === undefined ||
    grafana.existing ||
    grafana.prometheusUrl !== undefined ||
    prometheus?.mode === 'managed'
  )
    return [];
  if (prometheus?.mode === 'auto') return [];
  const reason = 'Grafana has no Prometheus to ask.';
  const remedy = 'Add `monitoring.prometheus: {}` for one that the operator runs, or `grafana.prometheusUrl`.';
  return [conflict(['spec', 'monitoring', 'grafana'], reason, remedy)];
};
