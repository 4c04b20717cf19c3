import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { MkbError } from '../../api/errors.ts';
import { checkTlsTexts } from '../../network/tls-settings.ts';
import type { TlsOptions } from './options.ts';

/** TLS settings, read once for all connections of a session. */
export interface Security {
  /** Undefined: the system's certificate authorities, and no client certificate. */
  readonly context: SecureContext | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
  /** Whether there is a client certificate to show. */
  readonly withCertificate: boolean;
}

/** Throws `tls-invalid` when certificates or key cannot be read, or do not belong together. */
export function prepareTls(options: TlsOptions = {}): Security {
  const { ca, cert, key, passphrase, serverName, insecureSkipVerify } = options;
  const security = { serverName, verify: insecureSkipVerify !== true, withCertificate: cert !== undefined };
  if (ca === undefined && cert === undefined && key === undefined) return { ...security, context: undefined };
  checkTlsTexts(options, 'spec.mqtt');
  try {
    return { ...security, context: createSecureContext({ ca, cert, key, passphrase }) };
  } catch (cause) {
    throw new MkbError('tls-invalid', { section: 'spec.mqtt', reason: 'they are refused by OpenSSL' }, { cause });
  }
}

/** The options of tls.connect. Only names are sent as the server's name: RFC 6066 has none for addresses. */
export function tlsOptions(security: Security, host: string): ConnectionOptions {
  return {
    servername: security.serverName ?? (isIP(host) ? '' : host),
    rejectUnauthorized: security.verify,
    ...(security.context ? { secureContext: security.context } : {}),
  };
}
