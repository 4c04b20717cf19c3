import { MkbError } from '../api/errors.ts';

/** Why a connection to a broker failed, as an error of our table. The library wraps the reason once or twice; the first that says something counts. */
export function connectError(address: string, cause: unknown): MkbError {
  for (const error of causes(cause)) {
    if (error.code === 'PLT_KFK_AUTHENTICATION' || error.apiId === 'SASL_AUTHENTICATION_FAILED')
      return new MkbError('kafka-authentication-failed', { address, reason: deepest(error).message }, { cause });
    if (MkbError.is(error)) return error;
    if (isTlsFailure(error)) return new MkbError('kafka-tls-failed', { address, reason: error.message }, { cause });
  }
  return new MkbError('kafka-unreachable', { address, reason: deepest(cause).message }, { cause });
}

interface CodedError extends Error {
  readonly code?: string;
  readonly apiId?: string;
  readonly errors?: readonly CodedError[];
}

/** An error, what caused it, and what caused that. An AggregateError goes on with its first. */
function* causes(error: unknown): Generator<CodedError> {
  let current = error as CodedError | undefined;
  for (let depth = 0; current instanceof Error && depth < 10; depth++) {
    yield current;
    current = (current.cause ?? current.errors?.[0]) as CodedError | undefined;
  }
}

function deepest(error: unknown): Error {
  return [...causes(error)].at(-1) ?? new Error(String(error));
}

/** OpenSSL's verification results as Node names them, and a plain-text answer to a TLS greeting or the reverse. */
function isTlsFailure({ code, message }: CodedError): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code ?? '') ||
    (code === 'PLT_KFK_USER' && message.includes('TLS'))
  );
}
