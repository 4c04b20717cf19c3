/** Documents of the kind MqttUser, as `mkb validate` checks them. */
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadText } from '../../api/load.ts';
import { userProblems } from '../../api/load-user.ts';

const user = (spec: object = {}, metadata: object = { name: 'van' }) =>
  stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttUser',
    metadata,
    spec: { bridgeRef: { name: 'cars' }, ...spec },
  });

const found = (text: string) => loadText(text, 'van.yaml', { others: { MqttUser: userProblems } });
const acl = (topic: string) => ({ acls: [{ topic }] });

it.each([
  ['the shortest', user()],
  ['one with everything', user({ username: 'van@7', passwordFrom: { secretKeyRef: { name: 'vans', key: 'seven' } } })],
  ...['#', '+', '+/a', 'up/${username}/#', '${username}', 'a//b', '/', '$SYS/#', 'a/v-${username}'].map(topic => [
    `one with the topic ${topic}`,
    user(acl(topic)),
  ]),
])('takes %s', (_, text) => {
  expect(found(text)).toEqual({
    documents: [],
    others: [{ file: 'van.yaml', kind: 'MqttUser' }],
    problems: [],
  });
});

// A user that could publish to $CONTROL could have made itself any other.
it.each([
  ...['$CONTROL/#', '$CONTROL/dynamic-security/v1', '$x/a', 'up/${clientid}', '$', 'a b', 'a"', 'a\\', 'a#', '#/a'].map(
    topic => [`the topic ${topic}`, user(acl(topic)), 'field-value'],
  ),
  ...['a b', 'a\tb', 'a/b', 'a+', '#a', 'a:b', '', '-a'].map(name => [
    `the user name "${name}"`,
    user({ username: name }),
    expect.stringMatching(/^field-/),
  ]),
  ["a name of the operator's own", user({ username: 'mkb-bridge' }), 'field-conflict'],
  ['the same by its own name', user({}, { name: 'mkb-users' }), 'field-conflict'],
  ['no bridge', user({ bridgeRef: {} }), 'field-missing'],
  ['a field that there is not', user({ acl: [] }), 'field-unknown'],
  ['a slip in its kind', user().replace('MqttUser', 'MqtUser'), expect.any(String)],
])('refuses %s', (_, text, code) => {
  const { others, problems } = found(text);
  expect(others).toEqual([]);
  expect(problems.map(problem => problem.code)).toContainEqual(code);
  expect(problems[0]!.line).toBeGreaterThan(0);
});

it('is no document for who runs bridges', () => {
  expect(loadText(user(), 'van.yaml').problems).toMatchObject([{ code: 'document-kind' }]);
});
