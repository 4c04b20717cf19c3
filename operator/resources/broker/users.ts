/**
 * Who connects to a broker that the operator runs, besides the users of its document: the bridge, which `mqtt.auth` of its document names, and
 * the exporter. Their passwords are made up once and kept.
 */
import { bridgeUser, exporterUser, managerUser } from '../../../api/checks/operation.ts';
import type { BrokerSection } from '../../../api/schema/broker.ts';
import { brokerUserKeys } from '../bridge-document.ts';

export { exporterUser, managerUser };

/** Keys of the Secret of both (`brokerUserSecretName`). */
export const ownUserKeys = { [bridgeUser]: brokerUserKeys.password, [exporterUser]: 'exporter-password' } as const;

/** The same at a kind of broker: Mosquitto has one more, who brings it its MqttUsers. */
export const ownUserKeysOf = (kind: BrokerSection['kind']): Readonly<Record<string, string>> =>
  kind === 'mosquitto' ? { ...ownUserKeys, [managerUser]: 'users-password' } : ownUserKeys;

/** The exporter's key of EMQX's REST API, and the key of the Secret `emqxSecretName` that holds the secret of it. */
export const emqxApi = { key: 'mkb-exporter', secretKey: 'api-secret' } as const;
