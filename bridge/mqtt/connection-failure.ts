/** Why a connection to an MQTT server could not be made, or ended: an error of the table, with the remedy for the likeliest cause. */
import { MkbError } from '../../api/errors.ts';
import { failureText, tlsFailure } from '../../network/connect-failure.ts';
import { shownUrl } from '../../network/shown-url.ts';
import type { MqttVersion } from './options.ts';
import { isSecure } from './server-url.ts';
import type { Target } from './transport.ts';
import { Upgrade } from './upgrade.ts';

/** How far a connection had come: to nowhere, to CONNECT, to CONNACK. */
export type Progress = 'opening' | 'connecting' | 'accepted';

/** @param cause what the network says; undefined when the server closed in good order */
export function connectionFailure(
  { url: address, security }: Target,
  progress: Progress,
  version: MqttVersion,
  cause: Error | undefined,
): MkbError {
  const url = shownUrl(address);
  if (cause instanceof Upgrade) return upgradeFailure(url, cause);
  const peer = `the MQTT server ${url}`;
  const tls = cause && isSecure(address) ? tlsFailure(cause, peer, security.withCertificate) : undefined;
  if (tls) return tls;
  const reason = cause === undefined ? 'the server closed it' : failureText(cause);
  if (progress === 'accepted') return new MkbError('mqtt-connection-lost', { url, reason }, { cause });
  if (progress === 'opening') return new MkbError('mqtt-connect-failed', { url, reason }, { cause });
  return new MkbError('mqtt-closed-unanswered', { url, version }, { cause });
}

/** What stands before a broker says 404 until it knows the broker, so only a login that is refused is final. */
function upgradeFailure(url: string, { status, message }: Upgrade): MkbError {
  if (status === 401 || status === 403) {
    const reason = `HTTP ${status} to the request for a WebSocket; see spec.mqtt.webSocket.headers`;
    return new MkbError('mqtt-not-authorised', { reason });
  }
  return new MkbError('mqtt-websocket-refused', { url, reason: message });
}
