/**
 * Why a connection could not be made, in words of ours and with the right remedy, whatever is spoken over it: the texts of OpenSSL and Node are
 * written for those who program with them. They stay as the cause of the error.
 *
 * The sorting asks one question: can the same attempt succeed later with nothing changed by a person? What is not known may pass.
 */
import { MkbError } from '../api/errors.ts';

/** An error of Node's network modules. */
export interface NetworkError extends Error {
  readonly code?: string;
  readonly hostname?: string;
  readonly host?: string;
  readonly port?: number;
  readonly cert?: { readonly subjectaltname?: string };
  readonly cause?: unknown;
  readonly errors?: readonly NetworkError[];
}

/** Why OpenSSL does not trust a certificate. https://docs.openssl.org/3.5/man1/openssl-verification-options/ */
const untrusted: Readonly<Record<string, string>> = {
  CERT_CHAIN_TOO_LONG: 'the chain of certificates is too long',
  CERT_REJECTED: 'its authority is not trusted for this purpose',
  CERT_REVOKED: 'it was revoked',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_UNTRUSTED: 'its authority is not trusted for this purpose',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself, and is not among those to trust',
  HOSTNAME_MISMATCH: 'it is for another host',
  INVALID_CA: 'it was signed by a certificate that is no authority',
  INVALID_PURPOSE: 'it is not meant for a server',
  PATH_LENGTH_EXCEEDED: 'its authority may not sign so long a chain',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority that signed it is not among those to trust',
  UNABLE_TO_GET_ISSUER_CERT: 'the authority that signed it is not among those to trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority that signed it is not among those to trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the authority that signed it is not among those to trust, or the server leaves out a certificate between the two',
};

/** Alerts of TLS by which a server refuses the certificate that we show (RFC 8446, 6.2). */
const refusals: Readonly<Record<string, string>> = {
  ACCESS_DENIED: 'it may not connect',
  BAD_CERTIFICATE: 'it is malformed, or its signature is wrong',
  CERTIFICATE_EXPIRED: 'it has expired',
  CERTIFICATE_REVOKED: 'it was revoked',
  CERTIFICATE_UNKNOWN: 'the server does not accept it',
  DECRYPT_ERROR: 'its signature is wrong',
  UNKNOWN_CA: 'the server does not know the authority that signed it',
  UNSUPPORTED_CERTIFICATE: 'it is of a kind that the server does not support',
};

/** Alerts of TLS that end the attempt because the two sides cannot agree. */
const disagreements: Readonly<Record<string, string>> = {
  HANDSHAKE_FAILURE: 'the two have no cipher or signature in common',
  INSUFFICIENT_SECURITY: 'the server wants stronger ciphers',
  NO_APPLICATION_PROTOCOL: 'the server wants another protocol',
  PROTOCOL_VERSION: 'the two have no version of TLS in common',
  UNRECOGNIZED_NAME: 'the server does not serve this host name',
};

/** What OpenSSL says when what comes is not TLS. */
const notTls =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE)$/;

/** Keys and certificates of ours that OpenSSL does not take, although they could be read. */
const ownMaterial = /^ERR_SSL_(CA_MD_TOO_WEAK|EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL|KEY_VALUES_MISMATCH)$/;

/**
 * The error that a failure of TLS means; undefined if it is not about TLS.
 *
 * @param peer who it is, such as `the MQTT server mqtts://broker:8883`
 * @param withCertificate whether we have a client certificate to show
 */
export function tlsFailure(error: unknown, peer: string, withCertificate: boolean): MkbError | undefined {
  for (const cause of causes(error)) {
    const found = tlsFailureOf(cause, peer, withCertificate);
    if (found) return found;
  }
  return undefined;
}

function tlsFailureOf(cause: NetworkError, peer: string, withCertificate: boolean): MkbError | undefined {
  const code = codeOf(cause);
  const options = { cause };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = cause.cert?.subjectaltname?.replaceAll(/\b(DNS|IP Address):/g, '').slice(0, 300) || 'no name';
    return new MkbError('tls-name-mismatch', { peer, names, host: cause.host ?? 'this host' }, options);
  }
  if (code === 'CERT_HAS_EXPIRED') return new MkbError('tls-expired', { peer }, options);
  if (code === 'CERT_NOT_YET_VALID') return new MkbError('tls-not-yet-valid', { peer }, options);
  if (Object.hasOwn(untrusted, code)) return new MkbError('tls-untrusted', { peer, reason: untrusted[code]! }, options);
  if (notTls.test(code)) return new MkbError('tls-not-spoken', { peer }, options);
  if (ownMaterial.test(code))
    return new MkbError('tls-certificate-refused', { peer, reason: 'its key or signature is too weak' }, options);
  const alert = alertOf(code);
  if (alert !== undefined) return alertFailure(alert, peer, withCertificate, cause);
  if (/^(ERR_SSL_|EPROTO$)/.test(code))
    return new MkbError('tls-failed', { peer, reason: 'the two do not understand each other' }, options);
  if (code === 'ECONNRESET' && cause.message.includes('secure TLS connection was established'))
    return new MkbError('tls-failed', { peer, reason: 'it closed the connection while TLS was being set up' }, options);
  return undefined;
}

/** Node's code. A failure that is noticed while writing has its own in the text alone, as OpenSSL writes it. */
function codeOf({ code = '', message }: NetworkError): string {
  const reason = code === 'EPROTO' ? /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] : undefined;
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** Such as TLSV13_ALERT_CERTIFICATE_REQUIRED and SSL/TLS_ALERT_BAD_CERTIFICATE; some of TLS 1.0 leave the word out. */
const alertOf = (code: string): string | undefined =>
  /^ERR_SSL_.*_ALERT_(.+)$/.exec(code)?.[1] ?? /^ERR_SSL_TLSV1_(UNRECOGNIZED_NAME)$/.exec(code)?.[1];

function alertFailure(alert: string, peer: string, withCertificate: boolean, cause: unknown): MkbError {
  // Before TLS 1.3 there is no word for "I want a certificate": the handshake fails.
  const demanded = alert === 'CERTIFICATE_REQUIRED' || alert === 'HANDSHAKE_FAILURE' || Object.hasOwn(refusals, alert);
  if (!withCertificate && demanded) return new MkbError('tls-certificate-demanded', { peer }, { cause });
  if (alert === 'CERTIFICATE_REQUIRED')
    return new MkbError('tls-certificate-refused', { peer, reason: 'the server takes another one' }, { cause });
  if (Object.hasOwn(refusals, alert))
    return new MkbError('tls-certificate-refused', { peer, reason: refusals[alert]! }, { cause });
  if (Object.hasOwn(disagreements, alert))
    return new MkbError('tls-no-agreement', { peer, reason: disagreements[alert]! }, { cause });
  const words = alert.toLowerCase().replaceAll('_', ' ');
  return new MkbError('tls-failed', { peer, reason: `the server ended it with the alert "${words}"` }, { cause });
}

/** What a failure of the network means, to complete "cannot be reached: ..."; undefined if it is none. */
export function networkReason(error: unknown): string | undefined {
  for (const cause of causes(error)) {
    const { code = '' } = cause;
    const reason = Object.hasOwn(network, code) ? network[code] : undefined;
    if (reason) return reason(cause);
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError' || code === 'PLT_KFK_TIMEOUT')
      return 'it took too long';
  }
  return undefined;
}

/** What a failure means, in words of ours where the network is to blame; otherwise as whoever raised it says. */
export const failureText = (error: unknown): string =>
  networkReason(error) ?? ((error as Error | undefined)?.message || 'for a reason that is not known');

const network: Readonly<Record<string, (error: NetworkError) => string>> = {
  EACCES: () => 'this process may not connect there',
  EADDRNOTAVAIL: () => 'this machine has no address or port left to connect from',
  EAI_AGAIN: ({ hostname }) => `the name server does not answer for ${nameOf(hostname)}`,
  EAI_FAIL: ({ hostname }) => `the name server failed for ${nameOf(hostname)}`,
  EAI_NODATA: ({ hostname }) => `${nameOf(hostname)} has no address`,
  EAI_NONAME: ({ hostname }) => `there is no host ${nameOf(hostname)} (DNS)`,
  ECONNABORTED: () => 'the connection was broken off',
  ECONNREFUSED: () => 'nothing listens at this port, or a firewall refuses',
  ECONNRESET: () => 'the other side reset the connection',
  EHOSTDOWN: () => 'the host is down',
  EHOSTUNREACH: () => 'there is no way to this host',
  EMFILE: () => 'this process has too many files and connections open',
  ENETDOWN: () => 'the network is down',
  ENETUNREACH: () => 'there is no way to this network',
  ENODATA: ({ hostname }) => `${nameOf(hostname)} has no address`,
  ENOTFOUND: ({ hostname }) => `there is no host ${nameOf(hostname)} (DNS)`,
  EPERM: () => 'this process may not connect there',
  EPIPE: () => 'the other side closed the connection',
  ESERVFAIL: ({ hostname }) => `the name server failed for ${nameOf(hostname)}`,
  ETIMEDOUT: () => 'there was no answer in time',
};

const nameOf = (hostname: string | undefined): string => hostname ?? 'of this name';

/** An error, what caused it, and what caused that. An AggregateError, of several addresses that were tried, goes on with its first. */
export function* causes(error: unknown): Generator<NetworkError> {
  let current = error as NetworkError | undefined;
  for (let depth = 0; current instanceof Error && depth < 10; depth++) {
    yield current;
    current = (current.cause ?? current.errors?.[0]) as NetworkError | undefined;
  }
}
