/** From the document's `auth` and `tls` to what connections to Kafka take: secrets revealed. */
import type { KafkaAuth } from '../api/schema/kafka.ts';
import type { Secret, Tls } from '../api/schema/security.ts';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';
import { tlsTexts } from '../api/tls-texts.ts';
import type { KafkaSecurity } from './security.ts';

/** @param section has the right combination of fields, which the document's checks see to. Throws `secret-unreadable`. */
export async function kafkaSecurity(
  { auth, tls }: { readonly auth?: KafkaAuth; readonly tls?: Tls },
  secrets: SecretSources,
): Promise<KafkaSecurity> {
  return {
    ...(tls && { tls: await tlsTexts(tls, secrets) }),
    ...(auth && { sasl: await sasl(auth, secrets) }),
  };
}

async function sasl(auth: KafkaAuth, secrets: SecretSources): Promise<NonNullable<KafkaSecurity['sasl']>> {
  const reveal = async (secret: Secret) => (await resolveSecret(secret, secrets)).reveal();
  const { mechanism, token, oauth } = auth;
  if (mechanism !== 'oauthbearer')
    return { mechanism, username: auth.username!, password: await reveal(auth.password!) };
  if (token) return { mechanism, token: () => reveal(token) };
  const { clientSecret, ...client } = oauth!;
  return { mechanism, oauth: { ...client, clientSecret: await reveal(clientSecret) } };
}
