/** `mqtt.clients`: logins that go together, and what `mkb validate` says of others. */
import { expect, it } from 'vitest';
import { documentOf, load, told } from '../support/documents.ts';

const secret = { value: 's' };
const open = { clients: { passwords: secret } };
const jwt = { jwks: secret, algorithms: ['RS256'] };
const toldOf = (mqtt: object) => told(load(documentOf({ mqtt })));

it.each([
  [{ listen: [{ port: 1 }], clients: { jwt } }],
  [{ listen: [{ port: 1 }], clients: { jwt: { secret, algorithms: ['HS256', 'HS512'] } } }],
  [
    {
      listen: [{ port: 1 }],
      clients: {
        jwt: { ...jwt, attributes: { realm: 'r' } },
        attributes: [{ name: 'x', from: 'clientId', pattern: '^(.)' }],
        publish: ['a/${client_attrs.x}/${client_attrs.realm}-${clientid}/+/#'],
      },
    },
  ],
  [{ listen: [{ port: 1 }], clients: { http: { url: 'http://127.0.0.1:80/' }, publish: ['${client_attrs.any}'] } }],
])('%j is fine', mqtt => {
  expect(toldOf(mqtt)).toEqual([]);
});

it.each([
  [{ jwt: { ...jwt, algorithms: ['HS256'] } }, 'clients.jwt.algorithms: `HS256` is signed with a secret'],
  [{ jwt: { secret, algorithms: ['RS256'] } }, 'clients.jwt.algorithms: `RS256` is signed with a private key'],
  [{ jwt: { ...jwt, algorithms: ['none'] } }, 'clients.jwt.algorithms[0]: Found "none"'],
  [{ jwt: { ...jwt, secret } }, 'clients.jwt.secret: `jwks` and `secret` exclude each other'],
  [{ jwt: { ...jwt, tls: {} } }, 'clients.jwt.tls: `tls` is for a `jwksUrl` of https'],
  [{ jwt: { algorithms: ['RS256'], jwksUrl: 'https://idp' } }, 'clients.jwt: Every token that is signed'],
  [
    { jwt: { algorithms: ['RS256'], jwksUrl: 'http://idp', issuers: ['a'] } },
    'clients.jwt.jwksUrl: Anyone on the way can put in keys',
  ],
  [{ jwt: { ...jwt, clientId: 'c', claims: { c: '${clientid}' } } }, 'clients.jwt.clientId: The claim'],
  [{ http: { url: 'http://u:p@host/?k=s' } }, 'clients.http.url: Passwords go to http://***@host/?k=*** without'],
  [{ http: { url: 'http://localhost/', tls: {} } }, 'clients.http.tls: `tls` is for a `url` of https'],
  [{ http: { url: 'https://h', body: { a: '${pasword}' } } }, 'clients.http.body.a: `${pasword}` is nothing of'],
  [{ ...open.clients, certificates: { login: false } }, 'clients.certificates: No port asks'],
  [{ ...open.clients, certificates: { clientId: true } }, 'expected "none", "commonName"'],
  [{ jwt, attributes: [{ name: 'x-y', from: 'clientId' }] }, 'clients.attributes[0].name: Found "x-y"'],
] as const)('%j is told', (clients, message) => {
  expect(toldOf({ listen: [{ port: 1 }], clients })).toEqual([expect.stringContaining(message)]);
});
