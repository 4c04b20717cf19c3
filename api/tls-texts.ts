/** TLS settings with their secrets read: what `tls.createSecureContext` and the clients built on it take. */
import type { AgentOptions } from 'node:https';
import type { Tls } from './schema/security.ts';
import { resolveSecret, type SecretSources } from './secrets.ts';

/** PEM texts. Without `ca` the system's authorities are trusted. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
}

/** Throws `secret-unreadable`. */
export async function tlsTexts(
  { ca, cert, key, serverName, insecureSkipVerify }: Tls,
  secrets: SecretSources,
): Promise<TlsTexts> {
  const reveal = async (secret: NonNullable<Tls['ca']>) => (await resolveSecret(secret, secrets)).reveal();
  return {
    ...(ca && { ca: await reveal(ca) }),
    ...(cert && { cert: await reveal(cert) }),
    ...(key && { key: await reveal(key) }),
    ...(serverName !== undefined && { serverName }),
    insecureSkipVerify,
  };
}

/** The options of an agent of node:https. */
export function agentTls({ ca, cert, key, serverName, insecureSkipVerify }: Partial<TlsTexts> = {}): AgentOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}
