/**
 * TLS settings with their secrets read, and looked at before anything is connected: what is wrong with them is said in words that name the
 * field, where OpenSSL would speak of ASN.1.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import { MkbError } from '../api/errors.ts';
import type { Tls } from '../api/schema/security.ts';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';

/** PEM texts. Without `ca` the system's authorities are trusted. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
}

/**
 * @param section where they stand in the document, such as `spec.mqtt.tls`
 * Throws `secret-unreadable`, and `tls-invalid` for what is no certificate, no key, or does not belong together.
 */
export async function tlsTexts(tls: Tls, secrets: SecretSources, section: string): Promise<TlsTexts> {
  const { ca, cert, key, passphrase, serverName, insecureSkipVerify } = tls;
  const reveal = async (secret: NonNullable<Tls['ca']>) => (await resolveSecret(secret, secrets)).reveal();
  const texts = {
    ...(ca && { ca: await reveal(ca) }),
    ...(cert && { cert: await reveal(cert) }),
    ...(key && { key: await reveal(key) }),
    ...(passphrase && { passphrase: await reveal(passphrase) }),
    ...(serverName !== undefined && { serverName }),
    insecureSkipVerify,
  };
  checkTlsTexts(texts, section);
  return texts;
}

/** Throws `tls-invalid`. */
export function checkTlsTexts(
  { ca, cert, key, passphrase }: Omit<TlsTexts, 'insecureSkipVerify'>,
  section: string,
): void {
  const fail = (reason: string, cause?: unknown) => new MkbError('tls-invalid', { section, reason }, { cause });
  if (ca !== undefined) readCertificates(ca, 'ca', fail);
  const own = cert === undefined ? undefined : readCertificates(cert, 'cert', fail);
  if (key === undefined) return;
  const privateKey = readKey(key, passphrase, fail);
  if (own && !own.checkPrivateKey(privateKey))
    throw fail('key is not the private key of the first certificate in cert');
}

type Fail = (reason: string, cause?: unknown) => MkbError;

/** The first certificate. Each is read, as OpenSSL stops at the first that it cannot read and says nothing. */
function readCertificates(text: string, field: 'ca' | 'cert', fail: Fail): X509Certificate | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  // OpenSSL's own form has trust beside the certificate, and only OpenSSL reads it.
  if (blocks.length === 0 && text.includes('-----BEGIN TRUSTED CERTIFICATE-----')) return undefined;
  if (blocks.length === 0) throw fail(`${field} holds no certificate in PEM${whatElse(text)}`);
  const certificates = blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw fail(`certificate ${index + 1} of ${field} cannot be read`, cause);
    }
  });
  return certificates[0];
}

const whatElse = (text: string): string => {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (label !== undefined) return `, but a ${label}`;
  return text.trim() === '' ? ': it is empty' : '';
};

function readKey(text: string, passphrase: string | undefined, fail: Fail): KeyObject {
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text);
  if (encrypted && passphrase === undefined) throw fail('key is encrypted, and passphrase is missing');
  if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    throw fail(`key holds no private key in PEM${whatElse(text)}`);
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    throw fail(encrypted ? 'passphrase does not open key' : 'key cannot be read', cause);
  }
}

/** The options of an agent of node:https. */
export function agentTls(texts: Partial<TlsTexts> = {}): AgentOptions {
  const { ca, cert, key, passphrase, serverName, insecureSkipVerify } = texts;
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}
