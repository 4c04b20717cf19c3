/**
 * The MQTT client of a target: mqtt.js, which reconnects by itself, with errors of our table.
 *
 * Between two attempts its options are changed in place, which mqtt.js allows: secrets are read again, and with `auto` MQTT 5 and 3.1.1 take
 * turns until the broker has let us in once.
 */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { MkbError } from '../../api/errors.ts';
import { resolveSecret, type SecretSources } from '../../api/secrets.ts';
import { networkReason, tlsFailure } from '../../network/connect-failure.ts';
import { shownUrl } from '../../network/shown-url.ts';
import { agentTls, tlsTexts } from '../../network/tls-settings.ts';
import type { MqttTargetSpec } from '../config/schema.ts';

/** The options of mqtt.js. */
export interface ClientSettings {
  readonly options: IClientOptions;
  /** Whether 3.1.1 is tried at a broker that does not speak 5. */
  readonly eitherVersion: boolean;
  /** What of the options is secret, read again. */
  readonly login: () => Promise<Partial<IClientOptions>>;
}

/** Throws `secret-unreadable` and `tls-invalid`. */
export async function clientSettings(
  spec: MqttTargetSpec,
  clientId: string,
  { intervalMs, timeoutMs }: { readonly intervalMs: number; readonly timeoutMs: number },
  secrets: SecretSources,
): Promise<ClientSettings> {
  const login = () => readLogin(spec, secrets);
  const options: IClientOptions = {
    clientId,
    protocolVersion: spec.version === '3.1.1' ? 4 : 5,
    clean: true,
    connectTimeout: timeoutMs,
    reconnectPeriod: Math.min(intervalMs, 5000),
    // A broker that answers nothing is found out within one and a half intervals.
    keepalive: Math.max(1, Math.round(intervalMs / 1000)),
    reschedulePings: false,
    queueQoSZero: false,
    resubscribe: false,
    // A login that is refused may be right by the next attempt, as it is read again.
    reconnectOnConnackError: true,
    ...(await login()),
  };
  return { options, eitherVersion: spec.version === 'auto', login };
}

async function readLogin(
  { name, auth, tls }: MqttTargetSpec,
  secrets: SecretSources,
): Promise<Partial<IClientOptions>> {
  const texts = tls && (await tlsTexts(tls, secrets, `spec.mqtt (${name}).tls`));
  return {
    ...(auth && { username: auth.username }),
    ...(auth?.password && { password: (await resolveSecret(auth.password, secrets)).reveal() }),
    ...(agentTls(texts) as Partial<IClientOptions>),
  };
}

/** Connects, and goes on trying. @param ended called when a connection could not be made or was lost, with the reason if it is known */
export function connectClient(url: string, settings: ClientSettings, ended: (error: MkbError) => void): MqttClient {
  const client = mqtt.connect(url, { ...settings.options });
  let reason: MkbError | undefined;
  let wasLetIn = false;
  client.on('connect', connack => {
    // A CONNACK of MQTT 3.1.1 is shorter than any of 5: this server does not look at the version.
    const old = client.options.protocolVersion === 5 && connack.length === 2;
    if (old) client.stream.destroy();
    wasLetIn = !old;
  });
  client.on('error', error => {
    reason = connectError(url, error, client.options.cert !== undefined);
  });
  client.on('close', () => {
    const ofVersion = !wasLetIn && (reason === undefined || MkbError.is(reason, 'mqtt-version-unsupported'));
    const { protocolVersion } = client.options;
    const version = protocolVersion === 5 ? '5' : '3.1.1';
    const lost = () => new MkbError('mqtt-connection-lost', { url: shownUrl(url), reason: 'the server closed it' });
    const unanswered = () => new MkbError('mqtt-closed-unanswered', { url: shownUrl(url), version });
    ended(reason ?? (wasLetIn ? lost() : unanswered()));
    if (settings.eitherVersion && ofVersion) client.options.protocolVersion = protocolVersion === 5 ? 4 : 5;
    settings.login().then(login => Object.assign(client.options, login), ended);
    reason = undefined;
  });
  return client;
}

/** CONNACK: bad user name or password, not authorised [MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2]. */
const notAuthorised: ReadonlySet<unknown> = new Set([4, 5, 134, 135]);
/** CONNACK: unsupported protocol version, in both. */
const otherVersion: ReadonlySet<unknown> = new Set([1, 132]);

/** @returns undefined for what is no more than a connection that was closed */
function connectError(
  address: string,
  error: Error & { code?: unknown },
  withCertificate: boolean,
): MkbError | undefined {
  const url = shownUrl(address);
  const { code, message } = error;
  // Its parser cannot read a CONNACK of 3.1.1 as one of 5.
  if (otherVersion.has(code) || /^(Cannot parse|Malformed|Invalid header)/.test(message))
    return new MkbError('mqtt-version-unsupported', { reason: 'it does not answer in MQTT 5' }, { cause: error });
  if (notAuthorised.has(code)) return new MkbError('mqtt-not-authorised', { reason: message }, { cause: error });
  const tls = tlsFailure(error, `the MQTT server ${url}`, withCertificate);
  if (tls) return tls;
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  const reason = networkReason(error) ?? (message || String(code ?? error.name));
  return new MkbError('mqtt-connect-failed', { url, reason }, { cause: error });
}
