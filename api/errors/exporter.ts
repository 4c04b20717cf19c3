/** Errors: what the exporter can meet. */
import { table } from './entry.ts';

export const exporterErrors = table({
  'collection-timeout': {
    kind: 'retryable',
    message: ({ target, waitedMs }: { target: string; waitedMs: number }) =>
      `${target} did not give its figures within ${waitedMs} ms.`,
    remedy:
      'It is asked again. If it lasts, look at the target, or raise spec.timeout and spec.interval of the exporter.',
  },
  'series-limit': {
    kind: 'permanent',
    message: ({ target, limit }: { target: string; limit: number }) =>
      `${target} has more than ${limit} values; the rest is left out.`,
    remedy: 'Name fewer topics and groups in `include` of the target, or leave some out with `exclude`.',
  },
  'probe-lost': {
    kind: 'retryable',
    message: ({ url, topic, waitedMs }: { url: string; topic: string; waitedMs: number }) =>
      `A message to ${topic} of the MQTT server ${url} did not come back within ${waitedMs} ms.`,
    remedy: 'Another is sent at the next interval. Check that this user may publish and subscribe to the topic.',
  },
  'emqx-unreachable': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The API of EMQX at ${url} cannot be had: ${reason}.`,
    remedy: 'It is asked again. Check the address (the port of the dashboard, usually 18083), and that EMQX runs.',
  },
  'emqx-not-authorised': {
    kind: 'permanent',
    message: ({ url, status }: { url: string; status: number }) =>
      `EMQX does not let this API key read ${url} (HTTP ${status}).`,
    remedy: 'Check apiKey and apiSecret; the dashboard makes them under System, API Keys. The role viewer is enough.',
  },
  'emqx-durable-sessions-unsafe': {
    kind: 'permanent',
    message: ({ target, node, version }: { target: string; node: string; version: string }) =>
      `The node ${node} of ${target} is EMQX ${version} and has durable sessions: 5.8.1 to 5.8.9 lose messages from them when a client reconnects.`,
    remedy:
      'Run EMQX 5.8.0 or Mosquitto. Until then set `durable_sessions.enable` to false: sessions in memory lose messages only when EMQX restarts.',
  },
  'emqx-request-failed': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) => `EMQX has no usable answer for ${url}: ${reason}.`,
    remedy: 'It is asked again. Rules need EMQX 5.0, actions and connectors 5.4 or later.',
  },
});
