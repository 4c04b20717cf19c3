/** How a publisher of mqtt.js connects as the bridge does: it is none of our own clients, so that they do not judge themselves. */
import type { IClientOptions } from 'mqtt';
import type { MqttVersion, SessionOptions } from '../mqtt/options.ts';

export function clientOptions(options: SessionOptions, version: MqttVersion): IClientOptions {
  const { username, password, tls = {}, webSocketHeaders, connectTimeoutMs } = options;
  const { ca, cert, key, passphrase, serverName, insecureSkipVerify } = tls;
  return {
    protocolVersion: version === '5' ? 5 : 4,
    connectTimeout: connectTimeoutMs,
    // A session would be left at the server. mqtt.js sends what is not acknowledged again without one, too.
    clean: true,
    properties: {},
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password, username: username ?? '' }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(webSocketHeaders !== undefined && { wsOptions: { headers: webSocketHeaders } }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}
