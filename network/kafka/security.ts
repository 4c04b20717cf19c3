import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ConnectionOptions, SASLMechanismValue } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import type { TlsTexts } from '../tls-settings.ts';

/** Gives a token that is good for now. */
export interface TokenSource {
  token(): Promise<string>;
  /** The broker does not take the last one: the next is asked for again. */
  refused?(): void;
}

/** How we show a Kafka cluster who we are. A function is asked again for each connection. */
export interface KafkaSecurity {
  /** Without `ca` the system's authorities are trusted. */
  readonly tls?: Partial<TlsTexts>;
  readonly sasl?:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string | (() => Promise<string>);
      }
    | {
        readonly mechanism: 'oauthbearer';
        readonly source: TokenSource;
        /** SASL extensions sent beside the token (KIP-342). */
        readonly extensions?: Readonly<Record<string, string>>;
      };
}

/** What of @platformatic/kafka's options makes connections secure. */
export type SecureOptions = Pick<ConnectionOptions, 'tls' | 'tlsServerName' | 'sasl'>;

export function securityOptions(security: KafkaSecurity): SecureOptions {
  return { ...tlsOptions(security.tls), ...saslOptions(security.sasl) };
}

function tlsOptions(tls: KafkaSecurity['tls']): SecureOptions {
  if (!tls) return {};
  const options: TlsOptions = { rejectUnauthorized: !tls.insecureSkipVerify };
  if (tls.ca) options.ca = tls.ca;
  if (tls.cert) options.cert = tls.cert;
  if (tls.key) options.key = tls.key;
  if (tls.passphrase !== undefined) options.passphrase = tls.passphrase;
  return { tls: options, tlsServerName: tls.serverName ?? true };
}

function saslOptions(sasl: KafkaSecurity['sasl']): SecureOptions {
  if (!sasl) return {};
  const mechanism = sasl.mechanism.toUpperCase() as SASLMechanismValue;
  if ('username' in sasl) return { sasl: { mechanism, username: sasl.username, password: sasl.password } };
  const { source, extensions = {} } = sasl;
  return {
    sasl: {
      mechanism,
      token: () => source.token(),
      oauthBearerExtensions: { ...extensions },
      authBytesValidator: (answer, callback) => {
        const refusal = refusalIn(answer);
        if (refusal === undefined) return void callback(null, answer);
        source.refused?.();
        callback(refusal);
      },
    },
  };
}

/** A token that is refused is answered with code 0, and a JSON object that says why (RFC 7628, 3.2.2). */
function refusalIn(answer: Buffer): MkbError | undefined {
  if (answer.length === 0) return undefined;
  const refusal = new MkbError('kafka-token-rejected', { reason: answer.toString().slice(0, 200) });
  try {
    const { status } = JSON.parse(answer.toString()) as { status?: unknown };
    return status === undefined ? undefined : new MkbError('kafka-token-rejected', { reason: String(status) });
  } catch {
    return refusal;
  }
}
