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
  'jwt-keys-invalid': {
    kind: 'permanent',
    message: ({ field, reason }: { field: string; reason: string }) =>
      `spec.mqtt.clients.jwt.${field} cannot be used: ${reason}.`,
    remedy:
      'Give the keys of who issues the tokens: a JWK Set for jwks, PEM for publicKey, 32 bytes or more for secret. While the bridge runs, the keys that it had stay in force.',
  },
  'jwt-keys-unavailable': {
    kind: 'retryable',
    message: ({ source, reason }: { source: string; reason: string }) =>
      `The keys of tokens at ${source} cannot be fetched: ${reason}.`,
    remedy:
      'Look whether the issuer is up and spec.mqtt.clients.jwt.jwksUrl right: it must answer with a JWK Set itself, not with a redirect. Keys that are known stay in force; until there are any, clients with a token are asked to come back (0x88).',
  },
  'login-server-failed': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The login server ${url} gives no answer that can be used: ${reason}.`,
    remedy:
      'Look whether it is up, and takes a POST at spec.mqtt.clients.http.url. It must answer HTTP 200 with a JSON object whose result is allow, deny or ignore. Until then clients are asked to come back (0x88).',
  },
  'login-server-open': {
    kind: 'permanent',
    message: ({ url }: { url: string }) =>
      `The login server ${url} lets in a client with a made-up user name and password.`,
    remedy: 'Look whether it checks the password, and whether spec.mqtt.clients.http.body sends what it looks at.',
  },
  'client-filter-unknown': {
    kind: 'permanent',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `The filter ${filter} lets no client do anything: ${reason}.`,
    remedy:
      'Use `${clientid}`, `${username}`, or `${client_attrs.NAME}` with a name of clients.attributes, clients.jwt.attributes or the server of clients.http.',
  },
  'client-attribute-invalid': {
    kind: 'permanent',
    message: ({ name, reason }: { name: string; reason: string }) =>
      `The attribute ${name} of clients cannot be made: ${reason}.`,
    remedy: 'Write a regular expression of RE2 with a group in parentheses around the value, such as ^([a-z]+)-.',
  },
  'client-refused': {
    kind: 'retryable',
    message: ({ client, reason }: { client: string; reason: string }) =>
      `The MQTT client ${client} was not let in: ${reason}.`,
    remedy:
      'Look at the settings of the client: its user name and password, its token, its certificate, its version of MQTT. Who may connect is in spec.mqtt.clients.',
  },
  'client-disconnected': {
    kind: 'retryable',
    message: ({ client, reason, reasonCode }: { client: string; reason: string; reasonCode: number }) =>
      `The MQTT client ${client} was disconnected with reason 0x${reasonCode.toString(16).toUpperCase()}: ${reason.replace(/\.$/, '')}.`,
    remedy:
      'What was not acknowledged the client sends again. If it happens often: 0x8E is two clients with one client id, 0x8D a client or network that fell silent, 0xA0 a login that has expired, 0x81 to 0x95 a client that breaks the protocol.',
  },
  'client-denied': {
    kind: 'retryable',
    message: ({ client, topic }: { client: string; topic: string }) =>
      `The MQTT client ${client} may not publish to ${JSON.stringify(topic)}.`,
    remedy: 'Add the topic to spec.mqtt.clients.publish, or change where the client publishes.',
  },
});
