/** Errors: what a bridge can meet that is the MQTT server itself. */
import { table } from './entry.ts';

export const listenErrors = table({
  'listener-failed': {
    kind: 'permanent',
    message: ({ host, port, reason }: { host: string; port: number; reason: string }) =>
      `The bridge cannot listen for MQTT clients on port ${port} of ${host}: ${reason}.`,
    remedy:
      'Choose another port in spec.mqtt.listen, or stop what uses this one (EADDRINUSE). Ports below 1024 need a right of their own (EACCES).',
  },
  'password-file-invalid': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The passwords of spec.mqtt.clients cannot be used: ${reason}.`,
    remedy: 'Write each line with mkb passwd. While the bridge runs, the passwords that it had stay in force.',
  },
  'client-refused': {
    kind: 'retryable',
    message: ({ client, reason }: { client: string; reason: string }) =>
      `The MQTT client ${client} was not let in: ${reason}.`,
    remedy:
      'Look at the settings of the client: its user name and password, its certificate, its version of MQTT. Who may connect is in spec.mqtt.clients.',
  },
  'client-disconnected': {
    kind: 'retryable',
    message: ({ client, reason, reasonCode }: { client: string; reason: string; reasonCode: number }) =>
      `The MQTT client ${client} was disconnected with reason 0x${reasonCode.toString(16).toUpperCase()}: ${reason.replace(/\.$/, '')}.`,
    remedy:
      'What was not acknowledged the client sends again. If it happens often: 0x8E is two clients with one client id, 0x8D a client or network that fell silent, 0x81 to 0x95 a client that breaks the protocol.',
  },
  'client-denied': {
    kind: 'retryable',
    message: ({ client, topic }: { client: string; topic: string }) =>
      `The MQTT client ${client} may not publish to ${JSON.stringify(topic)}.`,
    remedy: 'Add the topic to spec.mqtt.clients.publish, or change where the client publishes.',
  },
});
