import { expect, it } from 'vitest';
import { loadText } from '../../api/load.ts';
import { rulesCheck } from '../../rules/check.ts';
import { documentOf, told } from '../api/support/documents.ts';

const problemsOf = (clients: object) => {
  const rules = [{ name: 'all', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'cars' } }] }];
  const document = documentOf({ mqtt: { listen: [{ port: 1 }], clients }, rules });
  return told(loadText(JSON.stringify(document), 'test.json', { checks: [rulesCheck] }));
};

const jwt = { jwks: { value: 's' }, algorithms: ['RS256'] };
const attributes = [{ name: 'x', from: 'clientId', pattern: '^(.)' }];

it.each([
  { jwt, publish: ['cars/${clientid}/#', '#', '$x/+'] },
  { jwt: { ...jwt, attributes: { realm: 'r' } }, attributes, publish: ['a/${client_attrs.x}-${client_attrs.realm}/+'] },
  { http: { url: 'https://h' }, subscribe: ['a/${client_attrs.whatever}'] },
])('%j is fine', clients => {
  expect(problemsOf(clients)).toEqual([]);
});

// A filter with a name that no client has let nobody do anything, and nothing said so.
it.each([
  [{ jwt, publish: ['a/${client_attrs.y}'] }, 'clients.publish[0]: The filter "a/${client_attrs.y}" lets no client'],
  [{ jwt, attributes, subscribe: ['a', 'a/${client_attrs.y}'] }, 'clients.subscribe[1]: '],
  [{ jwt, subscribe: ['a/${ClientId}/#'] }, 'names what is nothing of a client'],
  [{ jwt, subscribe: ['a/${client_attrs}/#'] }, 'names what is nothing of a client'],
  [{ jwt, subscribe: ['a/#/b'] }, '`#` must be the last level'],
  [{ jwt, publish: ['a/x#'] }, '`#` must be a whole level'],
  [{ jwt, publish: ['a/+${clientid}'] }, '`+` must be a whole level'],
  [{ jwt, attributes: [{ name: 'x', from: 'clientId', pattern: '(' }] }, 'The attribute x of clients cannot be made'],
  [{ jwt, attributes: [{ name: 'x', from: 'clientId', pattern: 'a' }] }, 'its pattern has no group'],
  [{ jwt, attributes: [{ name: 'x', from: 'clientId', pattern: '(?=a)(b)' }] }, 'clients.attributes[0].pattern: '],
] as const)('%j is a problem', (clients, words) => {
  expect(problemsOf(clients)).toEqual([expect.stringContaining(words)]);
});
