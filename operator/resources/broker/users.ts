/**
 * Who connects to a broker that the operator runs, besides the users of its document: the bridge, which `mqtt.auth` of its document names, and
 * the exporter. Their passwords are made up once and kept.
 */
import { bridgeUser, exporterUser } from '../../../api/checks/operation.ts';
import { brokerUserKeys } from '../bridge-document.ts';

export { bridgeUser, exporterUser };

/** Keys of the Secret of both (`brokerUserSecretName`). */
export const ownUserKeys = { [bridgeUser]: brokerUserKeys.password, [exporterUser]: 'exporter-password' } as const;

/** Where a broker listens in its Pods. `mqtt` is for the bridge, its drains and the exporter alone when the document has TLS. */
export const brokerPorts = { mqtt: 1883, mqtts: 8883 } as const;

/** Where EMQX serves its REST API, and its dashboard; not in the Service that clients connect to. */
export const emqxApiPort = 18083;

/** The key of EMQX's REST API that only reads [role viewer], and the key of the Secret `emqxSecretName` that holds its secret. */
export const emqxApi = { key: 'mkb-exporter', secretKey: 'api-secret' } as const;

/** The Secret of what only EMQX has: its cookie, the dashboard's password, the API's secret. */
export const emqxSecretName = (name: string): string => `${name}-broker-emqx`;

/** The headless Service that gives each Pod of the broker a name; it has every port, and the API's name is `api`. */
export const brokerPodsName = (name: string): string => `${name}-broker-pods`;
