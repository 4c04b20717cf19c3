/** `spec.mqtt.clients`: who may connect to the ports of `listen`, as who, and what each client may do. */
import type { Static } from 'typebox';
import { choice, duration, flag, list, optional, section, text, textMap, whole } from './fields.ts';
import { limits, sessions } from './listen.ts';
import { namedSecret, secret, tls } from './security.ts';

/** Parts of a client certificate that name its owner. */
export const certificateParts = [
  'commonName',
  'organization',
  'organizationalUnit',
  'dnsName',
  'email',
  'uri',
] as const;

export type CertificatePart = (typeof certificateParts)[number];

const named = ['none', 'commonName', 'dnsName', 'email', 'uri'] as const;
const attributeSources = ['clientId', 'username', ...certificateParts] as const;

export type AttributeSource = (typeof attributeSources)[number];

const clientFilter = text(
  'A topic filter, in which `${clientid}`, `${username}` and `${client_attrs.NAME}` are those of the client. One that has none, or whose own has `/`, `+` or `#` in it, may do nothing by this filter.',
  {
    pattern: '^[!#$&-\\[\\]-~]+$',
    expected: 'a topic filter of ASCII characters, without spaces, quotes, % and backslashes',
    maxLength: 1024,
  },
);

const certificates = section(
  'What a client certificate is good for, on ports with `tls.clientCa`.',
  {
    username: choice(
      named,
      'The part of the certificate that is the user name, whatever the client says. Of subjectAltName: `dnsName`, `email`, `uri`, the first of each kind.',
      {
        default: 'none',
      },
    ),
    clientId: choice(
      named,
      'The part of the certificate that is the client id, whatever the client says. A client without it is refused.',
      {
        default: 'none',
      },
    ),
    login: flag(
      'Whether the certificate lets a client in that gives neither a user name nor a password, or whose user name it is. If not, each has to log in besides.',
      {
        default: true,
      },
    ),
  },
  { default: {} },
);

const algorithm = choice(
  ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'HS256', 'HS384', 'HS512'],
  'An algorithm of signatures (RFC 7518, RFC 8037).',
);

const disconnect = flag('End the connection of a client when its login expires. It has to come back with a new one.', {
  default: true,
});

const jwt = section(
  'Clients that show a token (JWT) which an issuer has signed.',
  {
    from: choice(['password', 'username'], 'Where a client puts its token.', { default: 'password' }),
    algorithms: list(
      algorithm,
      'How a token may be signed; what the token says itself does not count. `HS...` go with `secret`, all others with public keys. `none` is never taken.',
      { minItems: 1, unique: true },
    ),
    jwksUrl: optional(
      text('The url of the keys of the issuer (JWK Set). Redirects are not followed.', {
        pattern: '^https?://[^\\s]+$',
        expected: 'a url that begins with https:// (or http://)',
        maxLength: 2048,
      }),
    ),
    jwks: optional(secret('The keys of the issuer: a JWK Set as JSON text. Read again when it changes.')),
    publicKey: optional(secret('The public key of the issuer in PEM, or its certificate. Read again when it changes.')),
    secret: optional(
      secret(
        'What the issuer signs with, for `HS...`: 32 bytes at least. Who knows it can make tokens. Read again when it changes.',
      ),
    ),
    refresh: duration(
      'How often the keys of `jwksUrl` are fetched. They are fetched for a token with an unknown key, too, at most every ten seconds.',
      {
        min: '10s',
        max: '1d',
        default: '5m',
      },
    ),
    timeout: duration('How long fetching the keys of `jwksUrl` may take.', { min: '100ms', max: '1m', default: '5s' }),
    tls: optional(
      tls('Trust and identity for a `jwksUrl` of https. Without it, the well-known authorities are trusted.'),
    ),
    issuers: optional(
      list(text('An issuer (`iss`).', { maxLength: 1024 }), 'Issuers whose tokens are taken. Without it, of any.', {
        minItems: 1,
        unique: true,
      }),
    ),
    audiences: optional(
      list(
        text('An audience (`aud`).', { maxLength: 1024 }),
        'A token must be for one of these. Without it, tokens are taken that were made for anybody.',
        {
          minItems: 1,
          unique: true,
        },
      ),
    ),
    leeway: duration('How far the clocks of issuer and bridge may be apart.', {
      min: '0s',
      max: '5m',
      step: '1s',
      default: '5s',
    }),
    withoutExpiry: flag('Also take tokens without `exp`, which are good for ever.', { default: false }),
    disconnect,
    claims: textMap(
      'What claims of a token must be, by name. In a text `${clientid}` and `${username}` are what the client says, so that a token is of use to nobody else.',
      { default: {} },
    ),
    username: text(
      'The claim that is the user name, whatever the client says. Of names with dots, `a.b` is `b` in `a`.',
      {
        default: 'sub',
        maxLength: 256,
      },
    ),
    clientId: optional(
      text('The claim that is the client id, whatever the client says. A token without it is refused.', {
        maxLength: 256,
      }),
    ),
    acl: optional(
      text(
        'The claim that lists topics which the client may use, in the place of `publish` and `subscribe`, in the forms of EMQX.',
        { maxLength: 256 },
      ),
    ),
    attributes: textMap('Attributes of the client (`client_attrs`) by name, and the claims that they are taken from.', {
      default: {},
    }),
  },
  { exactlyOne: ['jwksUrl', 'jwks', 'publicKey', 'secret'] },
);

const http = section(
  'A server that is asked whether a client may connect, as EMQX asks: by POST of a JSON object. It answers with another: `result` is `allow`, `deny` or `ignore` (it does not know the client), and beside it may be `is_superuser`, `client_attrs`, `acl` and `expire_at` (seconds since 1970).',
  {
    url: text('The url. Redirects are not followed.', {
      pattern: '^https?://[^\\s]+$',
      expected: 'a url that begins with https:// or http://',
      maxLength: 2048,
    }),
    body: textMap(
      'The texts of the object, by name. `${clientid}`, `${username}`, `${password}`, `${peerhost}` and `${cert_common_name}` are those of the client, and empty where it has none.',
      {
        default: { clientid: '${clientid}', username: '${username}', password: '${password}', peerhost: '${peerhost}' },
      },
    ),
    headers: list(
      namedSecret(
        'One header: `name`, and its text as `value` or `valueFrom`.',
        'The name of the header, such as Authorization.',
      ),
      'Headers of each request.',
      { key: 'name', default: [] },
    ),
    timeout: duration(
      'How long an answer may take, and how long a client waits for its turn before. Then it is asked to come back later.',
      {
        min: '100ms',
        max: '1m',
        default: '5s',
      },
    ),
    requests: whole('Requests at a time.', { minimum: 1, maximum: 1000, default: 16 }),
    disconnect,
    tls: optional(tls('Trust and identity for https. Without it, the well-known authorities are trusted.')),
  },
);

const attribute = section('One attribute.', {
  name: text('The name, as in `client_attrs.NAME`.', {
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    expected: 'a name of letters, digits and underscores',
    maxLength: 64,
  }),
  from: choice(
    attributeSources,
    'What it is taken from: the client id, the user name if it was checked, or a part of the client certificate.',
  ),
  pattern: optional(
    text('A regular expression (RE2), whose first group is the value. Without it, all of the text is.', {
      maxLength: 1024,
    }),
  ),
});

export const clients = section(
  'Who may connect to the ports of `listen`, and what each client may do. Logins are looked at in the order certificate, `passwords`, `jwt`, `http`: the first that knows a client decides.',
  {
    anonymous: flag(
      'Let clients in that show neither a password nor a certificate. Every client that reaches the port can then write to Kafka what the rules take.',
      { default: false },
    ),
    passwords: optional(
      secret(
        'User names and passwords: a line for each user, as `mkb passwd` writes it (argon2id), or with a hash of bcrypt or of `mosquitto_passwd` (`$7$`). Read again when it changes.',
      ),
    ),
    certificates,
    jwt: optional(jwt),
    http: optional(http),
    attributes: list(
      attribute,
      'Attributes of clients, which rules read as `client_attrs`. Those of a token or of the server of `http` count before them.',
      {
        key: 'name',
        default: [],
      },
    ),
    publish: optional(
      list(
        clientFilter,
        'Topic filters that clients may publish to. Without it, to all topics but those that begin with `$`.',
        {
          minItems: 1,
          unique: true,
        },
      ),
    ),
    subscribe: optional(
      list(
        clientFilter,
        'Topic filters that clients may subscribe to, or to a part of which. Without it, to all but `#` and those that begin with `$`.',
        { minItems: 1, unique: true },
      ),
    ),
    route: flag(
      'Also send what a client publishes to the clients that subscribe to its topic, as a small broker does. Without it clients get what rules publish, and nothing else.',
      { default: false },
    ),
    serverReference: optional(
      text(
        'Where clients of MQTT 5 are sent when the bridge is stopped, such as `mqtt.example.com:8883`: DISCONNECT then has the reason 0x9C and this Server Reference. Default: 0x8B, and clients decide.',
        { maxLength: 1024 },
      ),
    ),
    sessions,
    limits,
  },
);

export type ClientsSection = Static<typeof clients>;
