import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { MkbError } from '../../api/errors.ts';
import type { TlsOptions } from './options.ts';

/** TLS settings, read once for all connections of a session. */
export interface Security {
  /** Undefined: the system's certificate authorities, and no client certificate. */
  readonly context: SecureContext | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
}

/** Throws `mqtt-tls-invalid` when certificates or key cannot be read, or do not belong together. */
export function prepareTls(options: TlsOptions = {}): Security {
  const { ca, cert, key, serverName, insecureSkipVerify } = options;
  const security = { serverName, verify: insecureSkipVerify !== true };
  if (ca === undefined && cert === undefined && key === undefined) return { ...security, context: undefined };
  try {
    return { ...security, context: createSecureContext({ ca, cert, key }) };
  } catch (cause) {
    throw new MkbError('mqtt-tls-invalid', { reason: (cause as Error).message }, { cause });
  }
}

/** What tls.connect is told. Only names are sent as the server's name: RFC 6066 has none for addresses. */
export function tlsOptions(security: Security, host: string): ConnectionOptions {
  return {
    servername: security.serverName ?? (isIP(host) ? '' : host),
    rejectUnauthorized: security.verify,
    ...(security.context ? { secureContext: security.context } : {}),
  };
}

/** Codes with which Node says that a certificate was judged, and found wanting. */
const untrusted: ReadonlySet<unknown> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether a connection failed because the server's certificate is not trusted. */
export const isUntrusted = (error: Error): boolean => untrusted.has((error as NodeJS.ErrnoException).code);
