/** From `mqtt.clients` to the methods by which clients log in, in the order in which they are asked. */
import type { ClientsSection } from '../api/schema/clients.ts';
import type { Secret, Tls } from '../api/schema/security.ts';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';
import { durationMs } from '../api/units.ts';
import { type TlsTexts, tlsTexts } from '../network/tls-settings.ts';
import { HttpLogin } from './listen/login/http-login.ts';
import { JwtLogin } from './listen/login/jwt-login.ts';
import { TextKeys } from './listen/login/key-set.ts';
import type { LoginMethod, LoginOptions } from './listen/login/login.ts';
import { PasswordLogin } from './listen/login/password-login.ts';
import { RemoteKeys } from './listen/login/remote-keys.ts';
import { Passwords } from './listen/passwords.ts';

type JwtSection = NonNullable<ClientsSection['jwt']>;
type HttpSection = NonNullable<ClientsSection['http']>;

/** What is in files is read now, so that a mistake is found at start. Throws `secret-unreadable`, `password-file-invalid`, `jwt-keys-invalid` and `tls-invalid`. */
export async function loginOptions(clients: ClientsSection | undefined, secrets: SecretSources): Promise<LoginOptions> {
  const { passwords, jwt, http, anonymous = false } = clients ?? {};
  const methods = await Promise.all([
    passwords && passwordLogin(passwords, secrets),
    jwt && jwtLogin(jwt, secrets),
    http && httpLogin(http, secrets),
  ]);
  return {
    certificateNames: clients?.certificates ?? { username: 'none', clientId: 'none', login: true },
    methods: methods.filter(method => method !== undefined),
    anonymous,
  };
}

async function passwordLogin(lines: Secret, secrets: SecretSources): Promise<LoginMethod> {
  const passwords = new Passwords(() => reveal(lines, secrets));
  await passwords.reload();
  return new PasswordLogin(passwords);
}

async function jwtLogin(jwt: JwtSection, secrets: SecretSources): Promise<JwtLogin> {
  const { from, algorithms, issuers, audiences, leeway, withoutExpiry, disconnect } = jwt;
  const { claims, username, clientId, acl, attributes } = jwt;
  const keys = await keysOf(jwt, secrets);
  const options = { from, algorithms, issuers, audiences, withoutExpiry, claims, username, clientId, acl, attributes };
  return new JwtLogin({ ...options, leewaySeconds: durationMs(leeway) / 1000, endsConnections: disconnect }, keys);
}

async function keysOf(jwt: JwtSection, secrets: SecretSources): Promise<RemoteKeys | TextKeys> {
  const { jwksUrl: url, refresh, timeout, tls } = jwt;
  if (url !== undefined) {
    const texts = await tlsReader(tls, 'spec.mqtt.clients.jwt.tls', secrets);
    return new RemoteKeys({ url, refreshMs: durationMs(refresh), timeoutMs: durationMs(timeout), tls: texts });
  }
  const form = (['jwks', 'publicKey', 'secret'] as const).find(name => jwt[name] !== undefined)!;
  const keys = new TextKeys(form, () => reveal(jwt[form]!, secrets));
  await keys.reload();
  return keys;
}

async function httpLogin(http: HttpSection, secrets: SecretSources): Promise<HttpLogin> {
  const { url, body, headers, timeout, requests, disconnect, tls } = http;
  const read = async () =>
    Object.fromEntries(
      await Promise.all(headers.map(async header => [header.name, await reveal(header, secrets)] as const)),
    );
  await read();
  return new HttpLogin({
    url,
    body,
    headers: read,
    timeoutMs: durationMs(timeout),
    requests,
    tls: await tlsReader(tls, 'spec.mqtt.clients.http.tls', secrets),
    endsConnections: disconnect,
  });
}

/** Read before each request, so that certificates may be renewed. */
async function tlsReader(
  tls: Tls | undefined,
  section: string,
  secrets: SecretSources,
): Promise<(() => Promise<TlsTexts>) | undefined> {
  if (tls === undefined) return undefined;
  await tlsTexts(tls, secrets, section);
  return () => tlsTexts(tls, secrets, section);
}

const reveal = async (secret: Secret, secrets: SecretSources): Promise<string> =>
  (await resolveSecret(secret, secrets)).reveal();
