/** The names of everything that is made for a bridge called `name`. A bridge's name is at most 40 characters long, so all of these fit into labels. */

export const bridgeName = (name: string): string => `${name}-bridge`;
/** The Service of MQTT clients that connect to the bridge itself. */
export const clientsName = (name: string): string => `${name}-mqtt`;
export const brokerName = (name: string): string => `${name}-broker`;
export const exporterName = (name: string): string => `${name}-exporter`;
export const prometheusName = (name: string): string => `${name}-prometheus`;
export const grafanaName = (name: string): string => `${name}-grafana`;

/** The Secret of texts that the document holds itself. */
export const documentSecretName = (name: string): string => `${name}-document`;
/** The Secret of what was looked up for `kafka.clusterRef`: CA, user. */
export const kafkaSecretName = (name: string): string => `${name}-kafka`;
/** The Secret of the bridge's own user at a managed broker. */
export const brokerUserSecretName = (name: string): string => `${name}-broker-user`;
/** The Secret of the MqttUsers that a managed broker knows. */
export const brokerUsersSecretName = (name: string): string => `${name}-broker-users`;
/** The Secret of what only EMQX has: its cookie, the dashboard's password, the API's secret. */
export const emqxSecretName = (name: string): string => `${name}-broker-emqx`;
/** The Secret of Grafana's `admin`. */
export const grafanaSecretName = (name: string): string => `${name}-grafana-admin`;
/** What the drain of a session needs, see session-kit.ts. */
export const kitName = (name: string): string => `${name}-sessions`;
/** The Job that drains the session of one replica; reconcile/sessions.ts reads the number back. */
export const drainName = (name: string, ordinal: number): string => `${name}-drain-${ordinal}`;
/** The same of a session that an older document left behind. @param kit the name of its kit */
export const leftDrainName = (kit: string, ordinal: number): string => `${kit}-${ordinal}`;
/** The account of Pods that drain. */
export const drainAccountName = (name: string): string => `${name}-drain`;

const secrets = [
  documentSecretName,
  kafkaSecretName,
  brokerUserSecretName,
  brokerUsersSecretName,
  grafanaSecretName,
  emqxSecretName,
  kitName,
];

/** Whether a Secret of this name is one that is made for a bridge. @param isBridge whether there is a bridge of a name */
export const isSecretOfBridge = (name: string, isBridge: (bridge: string) => boolean): boolean =>
  secrets.some(nameOf => name.endsWith(nameOf('')) && isBridge(name.slice(0, -nameOf('').length)));
