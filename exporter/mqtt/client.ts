/** The MQTT client of a target: mqtt.js, which reconnects by itself, with errors of our table. */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { MkbError } from '../../api/errors.ts';
import { resolveSecret, type SecretSources } from '../../api/secrets.ts';
import { tlsTexts } from '../../api/tls-texts.ts';
import type { MqttTargetSpec } from '../config/schema.ts';

/** What mqtt.js is told: secrets revealed. Throws `secret-unreadable`. */
export async function clientOptions(
  spec: MqttTargetSpec,
  clientId: string,
  { intervalMs, timeoutMs }: { readonly intervalMs: number; readonly timeoutMs: number },
  secrets: SecretSources,
): Promise<IClientOptions> {
  const { ca, cert, key, serverName, insecureSkipVerify } = spec.tls ? await tlsTexts(spec.tls, secrets) : {};
  const { username, password } = spec.auth ?? {};
  return {
    clientId,
    protocolVersion: spec.version === '5' ? 5 : 4,
    clean: true,
    connectTimeout: timeoutMs,
    reconnectPeriod: Math.min(intervalMs, 5000),
    // A broker that answers nothing is found out within one and a half intervals.
    keepalive: Math.max(1, Math.round(intervalMs / 1000)),
    reschedulePings: false,
    queueQoSZero: false,
    resubscribe: false,
    ...(username !== undefined && { username }),
    ...(password && { password: (await resolveSecret(password, secrets)).reveal() }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}

/** Connects, and goes on trying. @param ended called when a connection could not be made or was lost, with the reason if it is known */
export function connectClient(url: string, options: IClientOptions, ended: (error: MkbError) => void): MqttClient {
  const client = mqtt.connect(url, options);
  let reason: MkbError | undefined;
  client.on('error', error => {
    reason = connectError(url, error);
  });
  client.on('close', () => {
    ended(reason ?? new MkbError('mqtt-connection-lost', { url, reason: 'the connection was closed' }));
    reason = undefined;
  });
  return client;
}

/** CONNACK: bad user name or password, not authorised [MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2]. */
const notAuthorised: ReadonlySet<unknown> = new Set([4, 5, 134, 135]);

function connectError(url: string, error: Error & { code?: unknown; errors?: Error[] }): MkbError {
  const reason = error.message || error.errors?.[0]?.message || String(error.code ?? error.name);
  if (notAuthorised.has(error.code)) return new MkbError('mqtt-not-authorised', { reason }, { cause: error });
  return new MkbError('mqtt-connect-failed', { url, reason }, { cause: error });
}
