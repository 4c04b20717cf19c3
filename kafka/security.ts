import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ConnectionOptions, SASLMechanismValue } from '@platformatic/kafka';
import { MkbError } from '../api/errors.ts';

/** How we show a Kafka cluster who we are. */
export interface KafkaSecurity {
  readonly tls?: {
    /** PEM texts. Without `ca` the system's authorities are trusted. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
    readonly insecureSkipVerify?: boolean;
  };
  readonly sasl?:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    /** The token is asked for again for each connection. */
    | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }
    | { readonly mechanism: 'oauthbearer'; readonly oauth: OauthClient };
}

/** A client of an OAuth 2.0 token endpoint (RFC 6749, 4.4: client credentials). */
export interface OauthClient {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** SASL extensions sent beside the token (KIP-342). */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** The options that make @platformatic/kafka's connections secure so. */
export function securityOptions(security: KafkaSecurity): Pick<ConnectionOptions, 'tls' | 'tlsServerName' | 'sasl'> {
  return { ...tlsOptions(security.tls), ...saslOptions(security.sasl) };
}

function tlsOptions(tls: KafkaSecurity['tls']): Pick<ConnectionOptions, 'tls' | 'tlsServerName'> {
  if (!tls) return {};
  const options: TlsOptions = { rejectUnauthorized: !tls.insecureSkipVerify };
  if (tls.ca) options.ca = tls.ca;
  if (tls.cert) options.cert = tls.cert;
  if (tls.key) options.key = tls.key;
  return { tls: options, tlsServerName: tls.serverName ?? true };
}

function saslOptions(sasl: KafkaSecurity['sasl']): Pick<ConnectionOptions, 'sasl'> {
  if (!sasl) return {};
  const mechanism = sasl.mechanism.toUpperCase() as SASLMechanismValue;
  if ('username' in sasl) return { sasl: { mechanism, username: sasl.username, password: sasl.password } };
  if ('token' in sasl) return { sasl: { mechanism, token: sasl.token } };
  const { oauth } = sasl;
  return {
    sasl: { mechanism, token: tokenProvider(oauth), oauthBearerExtensions: { ...oauth.extensions } },
  };
}

/** Gives a token that is good for now: fetched when first asked for and again when four fifths of its life are over. */
export function tokenProvider(client: OauthClient, now: () => number = Date.now): () => Promise<string> {
  let token: Promise<{ text: string; renewAt: number }> | undefined;
  return async () => {
    const current = await token?.catch(() => undefined);
    if (!current || current.renewAt <= now()) token = fetchToken(client, now);
    return (await token!).text;
  };
}

async function fetchToken(client: OauthClient, now: () => number): Promise<{ text: string; renewAt: number }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (client.scope) form.set('scope', client.scope);
  const credentials = `${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.clientSecret)}`;
  const fail = (reason: string, cause?: unknown) =>
    new MkbError('kafka-token-refused', { endpoint: client.tokenEndpoint, reason }, { cause });
  const response = await fetch(client.tokenEndpoint, {
    method: 'POST',
    body: form,
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    signal: AbortSignal.timeout(10_000),
  }).catch(cause => {
    throw fail(String(cause.cause?.message ?? cause.message), cause);
  });
  if (!response.ok) throw fail(`HTTP ${response.status}`);
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string; expires_in?: number };
  if (!answer.access_token) throw fail('the answer has no access_token');
  return { text: answer.access_token, renewAt: now() + (answer.expires_in ?? 300) * 800 };
}
