/** Why an MqttUser is ready or not: the reasons of its condition Ready, and what to do. */
export const userReasons = {
  InForce: 'The broker lets the user in: the operator has tried it.',
  Distributing:
    'The user is on its way: the node of the broker reads it within two minutes. `kubectl annotate pod BRIDGE-broker-0 now=$(date +%s)` has it read at once.',
  NotTaken:
    'The broker has had time to read of the user and does not let it in. `kubectl logs BRIDGE-broker-0 -c users` says what the container that brings users to the broker could not do.',
  Unverified:
    'The operator cannot reach the broker, so nobody knows whether it lets the user in. Let the Pods of the operator connect to port 1883 of the broker, or 8883 where it has TLS.',
  BrokerNotReady: 'The broker does not run yet. It starts with the user.',
  PluginMissing:
    'The image of the broker has no `mosquitto_dynamic_security.so` in /usr/lib, so no MqttUser can connect. Use an official image, or one with the plugin.',
  BridgeNotFound: 'There is no such MqttKafkaBridge in the namespace. Create it, or correct `bridgeRef`.',
  BridgeInvalid:
    'The document of the bridge is wrong, and it has no earlier one that was right. See the condition DocumentValid of the bridge.',
  NoManagedBroker:
    'The bridge has no `mqtt.broker`: its broker is not run by the operator. Make the user there, with the means of that broker.',
  BrokerNotSupported:
    'The broker is EMQX, whose users are those of `mqtt.broker.users`. Add it there, or make it with the API or the dashboard of EMQX.',
  UsernameTaken:
    'Somebody else has the user name: `mqtt.broker.users`, the MqttUser that was first, or the operator, whose names begin with `mkb-`. Choose another.',
  AclNotAllowed:
    'The bridge has `broker.access`, by which rules know who sent a message: there an MqttUser is allowed nothing more to publish. Leave out the entry, or `access`.',
  PasswordNotFound: 'There is no such Secret, or it has no such key. A user that was in force stays as it was.',
  PasswordInvalid:
    'The password is not one line of text (UTF-8) of 1 to 1,024 bytes. A user that was in force stays as it was.',
  SecretTaken: 'A Secret of the name belongs to somebody else. Choose another name, or give `passwordFrom`.',
  SecretRefused:
    'The API server refuses the Secret for the password. Raise the quota or correct the policy that is named, or give `passwordFrom`. It is tried again each minute.',
  AclTooLong: 'The topics of the user are more than 16 KiB. Use fewer, with `+` and `#`.',
  BrokerFull: 'The Secret of all users of the broker is full. Delete users, shorten lists, or use another bridge.',
} as const;

export type UserReason = keyof typeof userReasons;

/** Why a user is not to be known to its broker. */
export interface Refusal {
  readonly reason: UserReason;
  /** What exactly. */
  readonly detail?: string;
}
