/** Until when certificates are valid: the bridge's own, and those that servers show. One that expires next week works today. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { BridgeSpec } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import type { Secret } from '../../api/schema/security.ts';
import { resolveSecret, type SecretSources } from '../../api/secrets.ts';
import { hostOf, isSecure, parseServerUrl, portOf } from '../mqtt/server-url.ts';
import { type Check, found, passed } from './check.ts';

const dayMs = 86_400_000;
/** Renewals are made weeks before; what is nearer was probably forgotten. */
const soonDays = 14;
const patienceMs = 5000;

/** Of certificates that the document names and that can be read. Throws nothing of a text that is none: that was said before. */
export async function* checkOwnCertificates(
  { mqtt, kafka }: BridgeSpec,
  secrets: SecretSources,
): AsyncGenerator<Check> {
  const named: (readonly [string, Secret | undefined])[] = [
    ['spec.mqtt.tls.cert', mqtt.tls?.cert],
    ...(mqtt.listen ?? []).map(({ tls }, index) => [`spec.mqtt.listen[${index}].tls.cert`, tls?.cert] as const),
    ['spec.kafka.tls.cert', kafka.tls?.cert],
  ];
  for (const [field, secret] of named) {
    if (secret === undefined) continue;
    const text = (await resolveSecret(secret, secrets)).reveal();
    yield validity(`certificate ${field}`, new X509Certificate(text));
  }
}

/** Of the servers that are reached through TLS. One that cannot be reached is left out: other checks say so. */
export async function* checkServerCertificates(
  urls: readonly string[],
  bootstrapServers: readonly string[],
): AsyncGenerator<Check> {
  const secure = urls.map(parseServerUrl).filter(isSecure);
  const ofKafka = bootstrapServers.map(server => URL.parse(`kafka://${server}`)).filter(url => url !== null);
  for (const url of [...secure, ...ofKafka]) {
    const port = url.protocol === 'kafka:' ? Number(url.port || 9092) : portOf(url);
    const certificate = await shownBy(hostOf(url), port);
    if (certificate) yield validity(`certificate of ${hostOf(url)}:${port}`, certificate);
  }
}

async function shownBy(host: string, port: number): Promise<X509Certificate | undefined> {
  // Only looked at: whether it is trusted is what connecting says.
  const socket = connect({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(patienceMs) });
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/** @param now milliseconds since 1970 */
export function validity(
  name: string,
  { validFromDate, validToDate }: X509Certificate,
  now: number = Date.now(),
): Check {
  const until = validToDate.toISOString().slice(0, 10);
  const days = Math.floor((validToDate.getTime() - now) / dayMs);
  if (validFromDate.getTime() > now)
    return found(name, new MkbError('certificate-not-yet', { from: validFromDate.toISOString() }));
  if (days < 0) return found(name, new MkbError('certificate-expired', { until }));
  if (days < soonDays) return found(name, new MkbError('certificate-expires', { until, days }), 'warning');
  return passed(name, `valid until ${until}`);
}
