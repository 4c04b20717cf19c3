/** `mqtt.clients`: which logins go together, and what is unsafe. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { ClientsSection } from '../schema/clients.ts';
import { maskUrls } from '../words.ts';

const section: Path = ['spec', 'mqtt', 'clients'];

export const checkLogins = ({ anonymous, jwt, http }: ClientsSection): Finding[] => [
  ...(anonymous ? [anyone] : []),
  ...(jwt ? checkJwt(jwt) : []),
  ...(http ? checkHttp(http) : []),
];

export const checkCertificates = ({ certificates }: ClientsSection, asked: boolean): Finding[] => {
  const { username, clientId, login } = certificates;
  if (asked || (username === 'none' && clientId === 'none' && login)) return [];
  const reason = 'No port asks clients for a certificate.';
  const remedy = 'Give a port of `listen` a `tls.clientCa`, or leave out `certificates`.';
  return [finding([...section, 'certificates'], 'field-conflict', { reason }, { at: 'key', remedy })];
};

const conflict = (path: readonly (string | number)[], reason: string, remedy: string): Finding =>
  finding([...section, ...path], 'field-conflict', { reason }, { at: 'key', remedy });

const warning = (field: string, reason: string, remedy: string): Finding =>
  finding([...section, ...field.split('.')], 'field-conflict', { reason }, { severity: 'warning', remedy });

const anyone: Finding = warning(
  'anonymous',
  'Every client that reaches the port can write to Kafka what the rules take.',
  'Use `passwords` (mkb passwd), `jwt`, `http` or client certificates, unless the network keeps others away.',
);

const checkJwt = (jwt: NonNullable<ClientsSection['jwt']>): Finding[] => {
  const { algorithms, secret, jwksUrl, tls, audiences, issuers, clientId, claims } = jwt;
  const found: Finding[] = [];
  const [wrong] = algorithms.filter(name => name.startsWith('HS') !== (secret !== undefined));
  if (wrong !== undefined) {
    const reason =
      secret === undefined
        ? `\`${wrong}\` is signed with a secret, and the keys here are public: everybody could make tokens.`
        : `\`${wrong}\` is signed with a private key, and \`secret\` is none.`;
    found.push(conflict(['jwt', 'algorithms'], reason, 'List `HS...` with `secret`, and all others with public keys.'));
  }
  if (tls !== undefined && !jwksUrl?.startsWith('https:'))
    found.push(conflict(['jwt', 'tls'], '`tls` is for a `jwksUrl` of https.', 'Leave it out, or write https.'));
  if (jwksUrl !== undefined && isOpen(jwksUrl))
    found.push(
      warning('jwt.jwksUrl', 'Anyone on the way can put in keys of their own, and make tokens.', 'Write https.'),
    );
  if (jwksUrl !== undefined && audiences === undefined && issuers === undefined)
    found.push(
      warning(
        'jwt',
        'Every token that is signed with a key of `jwksUrl` is taken, whatever program it was made for.',
        'Say for whom tokens are (`audiences`), and who makes them (`issuers`).',
      ),
    );
  if (clientId !== undefined && Object.values(claims).some(text => text.includes('${clientid}')))
    found.push(
      conflict(
        ['jwt', 'clientId'],
        'The claim of `clientId` takes the place of what the client says, and `claims` compares with that.',
        'Leave out one of them.',
      ),
    );
  return found;
};

const checkHttp = ({ url, tls, body }: NonNullable<ClientsSection['http']>): Finding[] => {
  const found: Finding[] = [];
  if (tls !== undefined && !url.startsWith('https:'))
    found.push(conflict(['http', 'tls'], '`tls` is for a `url` of https.', 'Leave it out, or write https.'));
  if (isOpen(url))
    found.push(warning('http.url', `Passwords go to ${maskUrls(url)} without encryption.`, 'Write https.'));
  for (const [name, text] of Object.entries(body)) {
    const unknown = [...text.matchAll(/\$\{([^}]*)\}/g)].find(
      ([, placeholder]) => !placeholders.includes(placeholder!),
    );
    if (unknown === undefined) continue;
    const known = placeholders.map(each => `\${${each}}`).join(', ');
    found.push(conflict(['http', 'body', name], `\`${unknown[0]}\` is nothing of a client.`, `Use ${known}.`));
  }
  return found;
};

const placeholders: readonly string[] = ['clientid', 'username', 'password', 'peerhost', 'cert_common_name'];

/** Whether what is sent can be read on the way to another machine. */
const isOpen = (url: string): boolean =>
  url.startsWith('http:') && !/^http:\/\/(localhost|127\.[0-9.]+|\[::1\])(:|\/|$)/.test(url);
