/** From the document's `auth` and `tls` to what connections to Kafka take. Secrets are read for each connection, so that they may change. */
import type { KafkaAuth } from '../../api/schema/kafka.ts';
import type { Secret, Tls } from '../../api/schema/security.ts';
import { resolveSecret, type SecretSources } from '../../api/secrets.ts';
import { tlsTexts } from '../tls-settings.ts';
import { mskTokens } from './msk-token.ts';
import { oauthTokens } from './oauth-token.ts';
import { type KafkaSecurity, type SecureOptions, securityOptions } from './security.ts';

/** A section of a document about Kafka, and where it stands: `spec.kafka`. */
export interface KafkaSectionOf {
  readonly auth?: KafkaAuth;
  readonly tls?: Tls;
  readonly bootstrapServers?: readonly string[];
}

/** Gives what the next connection takes. Throws `secret-unreadable` and `tls-invalid`. */
export type KafkaLogin = () => Promise<SecureOptions>;

/** @param section has the right combination of fields, which the document's checks see to. Throws as `KafkaLogin`, so that a fault is found at start. */
export async function kafkaLogin(section: KafkaSectionOf, secrets: SecretSources, at: string): Promise<KafkaLogin> {
  const { tls, auth } = section;
  const sasl = auth && (await saslOf(auth, section, secrets, at));
  const login = async () =>
    securityOptions({ ...(tls && { tls: await tlsTexts(tls, secrets, `${at}.tls`) }), ...(sasl && { sasl }) });
  await login();
  return login;
}

async function saslOf(
  auth: KafkaAuth,
  { bootstrapServers = [] }: KafkaSectionOf,
  secrets: SecretSources,
  at: string,
): Promise<NonNullable<KafkaSecurity['sasl']>> {
  const reading = async (secret: Secret) => {
    const reveal = async () => (await resolveSecret(secret, secrets)).reveal();
    await reveal();
    return reveal;
  };
  const { mechanism, token, oauth, aws } = auth;
  if (mechanism === 'aws-msk-iam')
    return { mechanism: 'oauthbearer', source: mskTokens({ region: aws?.region, hosts: bootstrapServers }) };
  if (mechanism !== 'oauthbearer')
    return { mechanism, username: auth.username!, password: await reading(auth.password!) };
  if (token) return { mechanism, source: { token: await reading(token) } };
  const { tokenEndpoint, clientId, clientSecret, scope, extensions, tls } = oauth!;
  const readTls = tls && (() => tlsTexts(tls, secrets, `${at}.auth.oauth.tls`));
  await readTls?.();
  const client = {
    tokenEndpoint,
    clientId,
    clientSecret: await reading(clientSecret),
    ...(scope !== undefined && { scope }),
    ...(readTls && { tls: readTls }),
  };
  return { mechanism, source: oauthTokens(client), ...(extensions && { extensions }) };
}
