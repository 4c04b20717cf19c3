import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AwsCredentials, type PresignRequest, presign, signingKey } from '../../../network/kafka/presign.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html#query-string-auth-v4-signing-example
test('the published example has the published signature', () => {
  const url = presign(
    {
      host: 'examplebucket.s3.amazonaws.com',
      path: '/test.txt',
      query: {},
      region: 'us-east-1',
      service: 's3',
      expiresSeconds: 86_400,
      at: new Date('2013-05-24T00:00:00Z'),
      payloadHash: 'UNSIGNED-PAYLOAD',
    },
    { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  );
  const { searchParams } = new URL(url);
  expect(searchParams.get('X-Amz-Signature')).toBe('aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
  expect(searchParams.get('X-Amz-Credential')).toBe('AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request');
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-examples.html
test('the published example of a signing key is made', () => {
  const key = signingKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', '20120215', 'us-east-1', 'iam');
  expect(key.toString('hex')).toBe('f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d');
});

/** SHA-256 as AWS's library wants it. */
class Sha256 {
  readonly #hash;
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

test("whatever is signed, the signature is that of AWS's own library", async () => {
  const text = fc
    .string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' })
    .map(each => each.replaceAll('\u0000', '0'));
  const inputs = fc.record({
    query: fc.dictionary(fc.stringMatching(/^[A-Za-z-]{1,10}$/), text, { maxKeys: 3, noNullPrototype: true }),
    secret: text,
    session: fc.option(text, { nil: undefined }),
    at: fc.date({ min: new Date('2001-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  });
  await fc.assert(
    fc.asyncProperty(inputs, async ({ query, secret, session, at }) => {
      const credentials: AwsCredentials = {
        accessKeyId: 'AKID',
        secretAccessKey: secret,
        ...(session !== undefined && { sessionToken: session }),
      };
      const request: PresignRequest = {
        host: 'kafka.eu-west-1.amazonaws.com',
        path: '/',
        query,
        region: 'eu-west-1',
        service: 'kafka-cluster',
        expiresSeconds: 900,
        at,
      };
      const signer = new SignatureV4({ credentials, region: request.region, service: request.service, sha256: Sha256 });
      const { host: hostname, path } = request;
      const parts = { method: 'GET', protocol: 'https:', hostname, path, headers: { host: hostname }, query };
      const signed = await signer.presign(parts, { expiresIn: 900, signingDate: at });
      const ours = new URL(presign(request, credentials)).searchParams.get('X-Amz-Signature');
      expect(ours).toBe(signed.query!['X-Amz-Signature']);
    }),
    { numRuns: 200 },
  );
});
