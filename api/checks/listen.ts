/** `mqtt.listen` and `mqtt.clients`: what belongs together, and what is for a session at a broker and means nothing here. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { MqttSection } from '../schema/mqtt.ts';
import { checkCertificates, checkLogins } from './logins.ts';

const section: Path = ['spec', 'mqtt'];

/** Fields of the session that a bridge has at a broker, with what they are if nobody writes them. */
const ofSession = {
  version: 'auto',
  share: undefined,
  qos: 1,
  retained: 'new',
  sessionExpiry: '24h',
  keepAlive: '30s',
  auth: undefined,
  webSocket: undefined,
} as const satisfies Partial<MqttSection>;

export const checkListen = (mqtt: MqttSection): Finding[] => {
  const { listen, clients, tls } = mqtt;
  if (listen === undefined) {
    if (clients === undefined) return [];
    const reason = '`clients` is about those that connect to the bridge, and without `listen` none do.';
    return [conflict('clients', reason, 'Add `listen`, or leave out `clients`.')];
  }
  const found = Object.entries(ofSession).flatMap(([name, usual]) =>
    mqtt[name as keyof typeof ofSession] === usual ? [] : [forSession(name)],
  );
  if (mqtt.unsubscribe.length > 0) found.push(forSession('unsubscribe'));
  if (mqtt.reconnect.minDelay !== '500ms' || mqtt.reconnect.maxDelay !== '30s') found.push(forSession('reconnect'));
  if (tls)
    found.push(conflict('tls', '`tls` is for connecting to a broker; a port has its own.', 'Move it into `listen`.'));
  return [...found, ...checkPorts(listen), ...checkClients(mqtt)];
};

const conflict = (name: string, reason: string, remedy: string): Finding =>
  finding([...section, name], 'field-conflict', { reason }, { at: 'key', remedy });

const forSession = (name: string): Finding =>
  conflict(name, `\`${name}\` is for a session at a broker, and with \`listen\` there is none.`, 'Leave it out.');

const checkPorts = (listen: NonNullable<MqttSection['listen']>): Finding[] =>
  listen.flatMap(({ port, host }, index) => {
    const first = listen.findIndex(each => each.port === port && (each.host ?? host) === (host ?? each.host));
    if (first === index) return [];
    const reason = `Port ${port} is given twice.`;
    return [
      finding([...section, 'listen', index, 'port'], 'field-conflict', { reason }, { remedy: 'Give each its own.' }),
    ];
  });

const checkClients = ({ listen, clients }: MqttSection): Finding[] => {
  const withCertificates = listen!.some(({ tls }) => tls?.clientCa !== undefined);
  const open = listen!.some(({ tls }) => tls?.clientCa === undefined);
  const { anonymous = false, passwords, jwt, http } = clients ?? {};
  if (open && !anonymous && passwords === undefined && jwt === undefined && http === undefined) {
    const reason = 'Nobody could connect to `listen`: the document does not say who may.';
    const remedy =
      'Add `clients` with `passwords` (mkb passwd), `jwt` or `http`, or with `anonymous: true`; or give each port a `tls.clientCa`.';
    return [finding([...section, 'listen'], 'field-conflict', { reason }, { at: 'key', remedy })];
  }
  return clients === undefined ? [] : [...checkLogins(clients), ...checkCertificates(clients, withCertificates)];
};
