/**
 * A url that proves who asks for it: AWS Signature Version 4 in the query. It is pure, so that it can be held against the published examples.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that last for a while only. */
  readonly sessionToken?: string;
}

export interface PresignRequest {
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly region: string;
  readonly service: string;
  readonly expiresSeconds: number;
  readonly at: Date;
  /** Hash of the body; that of an empty one unless the service wants another word. */
  readonly payloadHash?: string;
}

const algorithm = 'AWS4-HMAC-SHA256';

export function presign(request: PresignRequest, credentials: AwsCredentials): string {
  const { host, path, region, service, expiresSeconds, at, payloadHash = sha256('') } = request;
  const time = at.toISOString().replaceAll(/[-:]|[.][0-9]+/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const query = canonicalQuery({
    ...request.query,
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
  });
  const canonical = ['GET', path, query, `host:${host}`, '', 'host', payloadHash].join('\n');
  const toSign = [algorithm, time, scope, sha256(canonical)].join('\n');
  const key = signingKey(credentials.secretAccessKey, day, region, service);
  return `https://${host}${path}?${query}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`;
}

export const signingKey = (secret: string, day: string, region: string, service: string): Buffer =>
  [day, region, service, 'aws4_request'].reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));

const canonicalQuery = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(pair => pair.join('='))
    .join('&');

/** RFC 3986: more is encoded than `encodeURIComponent` does. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
