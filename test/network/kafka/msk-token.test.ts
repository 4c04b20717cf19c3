/** Tokens for Amazon MSK: what is in them, and where AWS's library finds who we are; its services are HTTP servers on this machine. */
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mskToken, mskTokens, regionOf } from '../../../network/kafka/msk-token.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';

test.each([
  ['b-1.cars.abc123.c2.kafka.eu-west-1.amazonaws.com:9098', 'eu-west-1'],
  ['boot-abc123.c1.kafka-serverless.us-east-1.amazonaws.com:9098', 'us-east-1'],
  ['b-1.cars.abc123.c2.kafka.cn-north-1.amazonaws.com.cn:9098', 'cn-north-1'],
  ['b-1-public.cars.abc123.c2.kafka.us-gov-west-1.amazonaws.com:9198', 'us-gov-west-1'],
  ['kafka.internal:9098', undefined],
  ['kafka.eu-west-1.amazonaws.com.evil.example:9098', undefined],
])('the region of %s is %s', (host, region) => {
  expect(regionOf(host)).toBe(region);
});

test('without a region in name or document it is asked for', () => {
  expect(() => mskTokens({ region: undefined, hosts: ['kafka.internal:9098'] })).toThrow(
    expect.objectContaining({ code: 'aws-region-unknown' }),
  );
});

test('a token is a signed url for kafka-cluster:Connect that lives for a quarter of an hour', () => {
  const token = mskToken(
    'eu-west-1',
    { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session/+=' },
    new Date('2026-01-02T03:04:05Z'),
  );
  expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
  const url = new URL(Buffer.from(token, 'base64url').toString());
  expect([url.protocol, url.host, url.pathname]).toEqual(['https:', 'kafka.eu-west-1.amazonaws.com', '/']);
  const { 'X-Amz-Signature': signature, ...query } = Object.fromEntries(url.searchParams);
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  expect(query).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKID/20260102/eu-west-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20260102T030405Z',
    'X-Amz-Expires': '900',
    'X-Amz-Security-Token': 'session/+=',
    'X-Amz-SignedHeaders': 'host',
    'User-Agent': 'mqtt-kafka-kit',
  });
});

describe('who we are is found', () => {
  let server: Server;
  let folder: string;
  let answer: (request: IncomingMessage) => string;
  const asked: string[] = [];
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const keys = { AccessKeyId: 'AKFOUND', SecretAccessKey: 'secret', Token: 'session', Expiration: expiration };
  beforeEach(async () => {
    asked.length = 0;
    folder = temporaryFolder('aws');
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    // No profile of the person who runs the tests.
    vi.stubEnv('HOME', folder);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end(answer(request));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    server.close();
    removeFolder(folder);
  });

  const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keyOf = async () => {
    const token = await mskTokens({ region: 'eu-west-1', hosts: [] }).token();
    const { searchParams } = new URL(Buffer.from(token, 'base64url').toString());
    return [searchParams.get('X-Amz-Credential')!.split('/')[0], searchParams.get('X-Amz-Security-Token')];
  };

  test('in the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    expect(await keyOf()).toEqual(['AKENV', null]);
  });

  test('at the agent of a container: EKS Pod Identity, ECS', async () => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${here()}/v1/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'pod');
    answer = ({ headers }) => (headers.authorization === 'pod' ? JSON.stringify(keys) : '{}');
    expect(await keyOf()).toEqual(['AKFOUND', 'session']);
    expect(asked).toEqual(['GET /v1/credentials']);
  });

  test('by the web identity of a service account, at STS', async () => {
    writeFileSync(join(folder, 'token'), 'a.b.c');
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::1:role/cars');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(folder, 'token'));
    vi.stubEnv('AWS_ENDPOINT_URL_STS', here());
    answer = () => `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKSTS</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
      <SessionToken>session</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
      </AssumeRoleWithWebIdentityResponse>`;
    expect(await keyOf()).toEqual(['AKSTS', 'session']);
  });

  test('at the metadata service of an instance', async () => {
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined);
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', here());
    answer = ({ method, url }) => {
      if (method === 'PUT') return 'imds-token';
      return url!.endsWith('/cars-role') ? JSON.stringify({ Code: 'Success', ...keys }) : 'cars-role';
    };
    expect(await keyOf()).toEqual(['AKFOUND', 'session']);
  });

  test('nowhere: that is said, with what to give, and may pass', async () => {
    const error = await mskTokens({ region: 'eu-west-1', hosts: [] })
      .token()
      .catch(reason => reason);
    expect(error).toMatchObject({ code: 'aws-credentials-missing', kind: 'retryable' });
    expect(error.remedy).toContain('AWS_ACCESS_KEY_ID');
  });
});
