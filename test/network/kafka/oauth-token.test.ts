/** Tokens of a token endpoint, which is a small server here, and of a real Kafka that takes them. */
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OauthClient, oauthTokens } from '../../../network/kafka/oauth-token.ts';
import { kafkaLogin } from '../../../network/kafka/settings.ts';
import { producerFor } from '../../bridge/kafka/support/producing.ts';
import { makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { startKafka, unsecuredToken } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';

let server: Server | undefined;
let answer: { status: number; body: string };
const asked: { authorization: string | undefined; form: Record<string, string> }[] = [];

const listener: RequestListener = async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  asked.push({ authorization: request.headers.authorization, form: Object.fromEntries(new URLSearchParams(body)) });
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
};

const listen = async (made: Server): Promise<number> => {
  server = made;
  await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve));
  return (made.address() as AddressInfo).port;
};

beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, body: JSON.stringify({ access_token: 'one', expires_in: 1000 }) };
});
afterEach(() => server?.close());

const client = async (changes: Partial<OauthClient> = {}): Promise<OauthClient> => ({
  tokenEndpoint: `http://127.0.0.1:${await listen(createPlain(listener))}/token`,
  clientId: 'cars',
  clientSecret: async () => 's3cret',
  ...changes,
});

const failure = (options: OauthClient) =>
  oauthTokens(options)
    .token()
    .then(
      token => token,
      reason => reason,
    );

test('a token is asked for with id, secret and scope, and kept for four fifths of its life', async () => {
  let now = 0;
  const tokens = oauthTokens(await client({ scope: 'kafka write' }), () => now);
  expect(await tokens.token()).toBe('one');
  expect(asked).toEqual([
    {
      authorization: `Basic ${Buffer.from('cars:s3cret').toString('base64')}`,
      form: { grant_type: 'client_credentials', scope: 'kafka write' },
    },
  ]);
  answer = { status: 200, body: JSON.stringify({ access_token: 'two', expires_in: 1000 }) };
  now = 799_000;
  expect(await tokens.token()).toBe('one');
  now = 800_000;
  expect(await tokens.token()).toBe('two');
});

test('a token that Kafka does not take is not offered again', async () => {
  const tokens = oauthTokens(await client());
  await tokens.token();
  tokens.refused!();
  await tokens.token();
  expect(asked).toHaveLength(2);
});

test.each([
  [401, '{"error": "invalid_client"}', 'kafka-token-refused', 'permanent'],
  [400, '{"error": "invalid_scope", "error_description": "no such scope"}', 'kafka-token-refused', 'permanent'],
  [400, '<html>Bad Gateway</html>', 'kafka-token-unavailable', 'retryable'],
  [503, 'busy', 'kafka-token-unavailable', 'retryable'],
  [429, '{"error": "slow_down"}', 'kafka-token-unavailable', 'retryable'],
  [200, '{"token": "of another kind"}', 'kafka-token-unavailable', 'retryable'],
])('an endpoint that answers HTTP %d %s is %s', async (status, body, code, kind) => {
  answer = { status, body };
  const error = await failure(await client());
  expect(error).toMatchObject({ code, kind });
  expect(error.message).not.toContain('s3cret');
});

test('an endpoint that cannot be reached is named without what its query holds', async () => {
  const options = await client();
  server!.close();
  const error = await failure({ ...options, tokenEndpoint: `${options.tokenEndpoint}?key=s3cret` });
  expect(error).toMatchObject({ code: 'kafka-token-unavailable', kind: 'retryable' });
  expect(error.message).toContain('nothing listens at this port');
  expect(error.message).not.toContain('s3cret');
});

describeReal('openssl')('an endpoint of a private authority', () => {
  test('is trusted by the authority of the document, and not without it', async () => {
    const folder = temporaryFolder('oauth');
    const { ca, serverCertFile, serverKeyFile } = makeCertificates(folder);
    const [cert, key] = [readFileSync(serverCertFile), readFileSync(serverKeyFile)];
    const tokenEndpoint = `https://localhost:${await listen(createSecure({ cert, key }, listener))}/token`;
    const options = { tokenEndpoint, clientId: 'cars', clientSecret: async () => 's' };
    expect(await failure(options)).toMatchObject({ code: 'tls-untrusted', kind: 'permanent' });
    expect(await failure({ ...options, tls: async () => ({ ca, insecureSkipVerify: false }) })).toBe('one');
    removeFolder(folder);
  });
});

describeReal('kafka')('a real Kafka with OAUTHBEARER', () => {
  test('takes the token of an endpoint, with extensions, and records go through', async () => {
    const kafka = await startKafka({ sasl: true });
    try {
      answer = { status: 200, body: JSON.stringify({ access_token: unsecuredToken('cars'), expires_in: 3600 }) };
      const oauth = {
        tokenEndpoint: (await client()).tokenEndpoint,
        clientId: 'cars',
        clientSecret: { value: 's3cret' },
        extensions: { logicalCluster: 'lkc-1', identityPoolId: 'pool-1' },
      };
      const login = await kafkaLogin({ auth: { mechanism: 'oauthbearer', oauth } }, { secretsDir: '' }, 'spec.kafka');
      await kafka.createTopic('oauth');
      const producer = await producerFor(kafka.bootstrapSasl, { login });
      expect(await producer.deliver('oauth', [{ key: 'k', value: 'v' }])).toBe(1);
      producer.close();
    } finally {
      await kafka.stop();
    }
  });
});
