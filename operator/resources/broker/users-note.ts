/** What the first container of a broker's Pod leaves in /dev/termination-log, for the operator to see in the Pod's status: its image has no plugin for MqttUsers. */
export const withoutUsersNote = 'no mosquitto_dynamic_security.so';
