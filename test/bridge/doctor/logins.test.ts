/** `mkb doctor` asks the servers that say who may connect, before a fleet does. */
import { expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import type { Check } from '../../../bridge/doctor/check.ts';
import { checkLogins } from '../../../bridge/doctor/logins.ts';
import { loginOptions } from '../../../bridge/login-settings.ts';
import { documentOf } from '../../api/support/documents.ts';
import { AnsweringServer, Issuer, says } from '../listen/support/issuer.ts';

async function look(clients: object): Promise<[string, string, string | undefined][]> {
  const mqtt = { listen: [{ port: 1883 }], clients };
  const { spec } = completeDocument(documentOf({ mqtt }) as Parameters<typeof completeDocument>[0]);
  const { methods } = await loginOptions(spec.mqtt.clients, { secretsDir: '' });
  const checks: Check[] = [];
  for await (const check of checkLogins(methods)) checks.push(check);
  return checks.map(({ name, state, code, detail, remedy }) => {
    if (state !== 'ok') expect(remedy).toBeDefined();
    expect(name).not.toContain('hidden');
    return [name.replace(/127\.0\.0\.1:\d+/, 'server'), state, code ?? detail];
  });
}

test.each([
  ['deny', says('{"result": "deny"}'), 'ok', 'answers: deny, for a client that nobody knows'],
  ['an answer that is none', says('nope'), 'failed', 'login-server-failed'],
  ['500', says('', 500), 'failed', 'login-server-failed'],
  ['allow, for a client that nobody knows', says('{"result": "allow"}'), 'warning', 'login-server-open'],
] as const)('a login server that answers %s', async (_what, answer, state, said) => {
  await using server = await AnsweringServer.start(answer);
  const url = `${server.url}?key=hidden`;
  expect(await look({ http: { url } })).toEqual([['login server http://server/path?key=***', state, said]]);
  expect(JSON.parse(server.requests[0]!.body).username).toMatch(/^mkb-doctor-/);
});

test('keys that can be fetched, and keys that cannot', async () => {
  const issuer = await Issuer.make();
  await using server = await AnsweringServer.start(says(await issuer.jwks()));
  const jwt = { jwksUrl: server.url, algorithms: ['RS256'] };
  expect(await look({ jwt })).toEqual([['keys of tokens at http://server/path', 'ok', 'can be fetched, 1 key']]);
  server.answer = says('{"keys": []}');
  expect(await look({ jwt })).toEqual([['keys of tokens at http://server/path', 'failed', 'jwt-keys-unavailable']]);
  expect(await look({ jwt: { jwks: { value: await issuer.jwks() }, algorithms: ['RS256'] } })).toEqual([]);
});
