/** Why a connection to a broker failed, as an error of our table. The library wraps the reason up to three times: the one that says most counts. */
import { MkbError } from '../../api/errors.ts';
import { causes, networkReason, tlsFailure } from '../connect-failure.ts';
import type { SecureOptions } from './security.ts';

/** @param secure what the connection was made with */
export function connectError(address: string, cause: unknown, secure: SecureOptions = {}): MkbError {
  const chain = [...causes(cause)];
  const known = chain.find(error => MkbError.is(error));
  if (known) return known as MkbError;
  const tls = secure.tls && tlsFailure(cause, `Kafka at ${address}`, secure.tls.cert !== undefined);
  if (tls) return tls;
  if (chain.some(({ message }) => message === 'Broker requires TLS.'))
    return new MkbError('kafka-tls-wanted', { address }, { cause });
  return saslError(address, chain, secure.sasl?.mechanism) ?? unreachable(address, chain);
}

/** An error of the library: a broker's answer, or a part of it. */
interface LibraryError extends Error {
  readonly code?: string;
  readonly apiId?: string;
  readonly serverErrorMessage?: string | null;
  readonly response?: { readonly mechanisms?: readonly string[] };
}

function saslError(address: string, chain: readonly LibraryError[], mechanism = ''): MkbError | undefined {
  const cause = chain[0];
  const offered =
    chain
      .find(({ response }) => response?.mechanisms)
      ?.response?.mechanisms?.join(', ')
      .toLowerCase() || 'none';
  for (const error of chain) {
    switch (error.apiId) {
      case 'UNSUPPORTED_SASL_MECHANISM':
        return new MkbError(
          'kafka-mechanism-refused',
          { address, mechanism: mechanism.toLowerCase(), offered },
          { cause },
        );
      case 'ILLEGAL_SASL_STATE':
        return new MkbError('kafka-login-not-wanted', { address }, { cause });
      case 'SASL_AUTHENTICATION_FAILED': {
        const reason = error.serverErrorMessage || 'it does not say why';
        return new MkbError('kafka-authentication-failed', { address, reason }, { cause });
      }
    }
  }
  // Another answer may be one of a broker that cannot look at credentials now.
  if (chain.some(({ apiId }) => apiId !== undefined)) return undefined;
  // Neither an answer nor the network: the exchange itself went wrong, as with a server that does not know the password either.
  const exchange = chain.find(({ code }) => code === 'PLT_KFK_AUTHENTICATION');
  const brokenOff = networkReason(cause) !== undefined || chain.at(-1)?.code === 'PLT_KFK_NETWORK';
  if (exchange === undefined || brokenOff || chain.some(({ code }) => code === 'PLT_KFK_TIMEOUT')) return undefined;
  return new MkbError('kafka-authentication-failed', { address, reason: chain.at(-1)!.message }, { cause });
}

function unreachable(address: string, chain: readonly LibraryError[]): MkbError {
  const last = chain.at(-1);
  const closed = last?.message.startsWith('Connection closed') === true;
  const reason =
    networkReason(chain[0]) ?? (closed ? 'it closed the connection' : (last?.message ?? 'it is not known why'));
  return new MkbError('kafka-unreachable', { address, reason }, { cause: chain[0] });
}
