/** Errors: what the demo, its embedded brokers and the simulator can meet. */
import { table } from './entry.ts';

export const demoErrors = table({
  'vehicles-unreachable': {
    kind: 'retryable',
    message: ({ url, waitedMs, reason }: { url: string; waitedMs: number; reason: string }) =>
      `No vehicle could connect to ${url} within ${waitedMs} ms: ${reason}.`,
    remedy:
      'Start the MQTT server or name the right one: --url mqtt://HOST:PORT, mqtts:// for TLS. --connect-timeout says how long to try.',
  },
  'vehicles-refused': {
    kind: 'permanent',
    message: ({ url, reason, reasonCode }: { url: string; reason: string; reasonCode: number }) =>
      `The MQTT server ${url} does not let the vehicles in: ${reason} (reason code ${reasonCode}).`,
    remedy: 'Check --username and its password, --mqtt-version, --client-id, and the access rules of the server.',
  },
  'embedded-listen-failed': {
    kind: 'permanent',
    message: ({ host, port, reason }: { host: string; port: number; reason: string }) =>
      `The embedded broker cannot listen on ${host}:${port}: ${reason}.`,
    remedy: 'Choose another port, or 0 for any free one.',
  },
  'embedded-frame-invalid': {
    kind: 'permanent',
    message: ({ bytes }: { bytes: number }) =>
      `A client of the embedded Kafka announced a request of ${bytes} bytes, which cannot be.`,
    remedy: 'Let only Kafka clients without TLS and authentication connect to this port.',
  },
  'embedded-request-invalid': {
    kind: 'permanent',
    message: ({ api, version }: { api: string; version: number }) =>
      `A request of a client of the embedded Kafka, ${api} in version ${version}, ends too early.`,
    remedy: 'Look at the client: its request is not what the Kafka protocol says.',
  },
  'embedded-request-unknown': {
    kind: 'permanent',
    message: ({ api, version }: { api: number; version: number }) =>
      `A client asked the embedded Kafka for API ${api} in version ${version}, which it does not speak.`,
    remedy: 'Let the client ask for ApiVersions first; for what is missing, use Apache Kafka.',
  },
  'embedded-unknown': {
    kind: 'permanent',
    message: ({ what }: { what: string }) => `The embedded Kafka has no ${what}.`,
    remedy: 'Create the topic first, and name nodes from 1 on that run.',
  },
  'demo-port-unusable': {
    kind: 'permanent',
    message: ({ option, port, reason }: { option: string; port: number; reason: string }) =>
      `Port ${port} of ${option} cannot be used: ${reason}.`,
    remedy:
      'Choose another port, 0 for any free one, or leave the option out: the demo then looks for a free one itself.',
  },
});
