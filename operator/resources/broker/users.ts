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

/** Whether the operator can bring a kind of broker its MqttUsers while it runs. */
export const takesMqttUsers: Readonly<Record<BrokerSection['kind'], boolean>> = { mosquitto: true, emqx: false };

/** The same at a kind of broker: where it takes MqttUsers there is one more, who brings them. */
export const ownUserKeysOf = (kind: BrokerSection['kind']): Readonly<Record<string, string>> =>
  takesMqttUsers[kind] ? { ...ownUserKeys, [managerUser]: 'users-password' } : ownUserKeys;

/** The exporter's key of EMQX's REST API, and the key of the Secret `emqxSecretName` that holds the secret of it. */
export const emqxApi = { key: 'mkb-exporter', secretKey: 'api-secret' } as const;
