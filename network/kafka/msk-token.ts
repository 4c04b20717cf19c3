/**
 * Tokens for Amazon MSK with IAM: a url that is signed for the action `kafka-cluster:Connect`, given to the broker as a token of OAUTHBEARER, as
 * AWS's own signers for languages other than Java do it. Nothing asks for that url: the broker checks its signature.
 *
 * Who we are comes from where every AWS program finds it: environment, web identity (EKS service accounts), container (EKS Pod Identity,
 * ECS), profiles, or the instance. AWS's library for that has 16 MB, so it is an optional dependency and is loaded only here.
 */
import { MkbError } from '../../api/errors.ts';
import { type AwsCredentials, presign } from './presign.ts';
import type { TokenSource } from './security.ts';

export interface MskOptions {
  /** As in eu-west-1; without it, the one in the name of a broker. */
  readonly region: string | undefined;
  /** `host:port` of brokers. */
  readonly hosts: readonly string[];
  /** Tests have their own. */
  readonly credentials?: () => Promise<AwsCredentials>;
  readonly now?: () => Date;
}

/** The longest that MSK takes; a token is made for each login, so it lives much shorter. */
const expiresSeconds = 900;

/** Throws `aws-region-unknown`. */
export function mskTokens({ region: given, hosts, credentials, now = () => new Date() }: MskOptions): TokenSource {
  const region = given ?? hosts.map(regionOf).find(found => found !== undefined);
  if (region === undefined) throw new MkbError('aws-region-unknown', { host: hosts[0] ?? '' });
  let source = credentials;
  return {
    token: async () => {
      source ??= await defaultCredentials(region);
      return mskToken(region, await read(source), now());
    },
  };
}

/** `b-1.name.abc123.c2.kafka.eu-west-1.amazonaws.com:9098`, or `kafka-serverless`. */
export const regionOf = (host: string): string | undefined =>
  /[.]kafka(?:-serverless)?[.]([a-z0-9-]+)[.]amazonaws[.]com(?:[.]cn)?(?::[0-9]+)?$/.exec(host)?.[1];

export function mskToken(region: string, credentials: AwsCredentials, at: Date): string {
  const url = presign(
    {
      host: `kafka.${region}.amazonaws.com`,
      path: '/',
      query: { Action: 'kafka-cluster:Connect' },
      region,
      service: 'kafka-cluster',
      expiresSeconds,
      at,
    },
    credentials,
  );
  return Buffer.from(`${url}&User-Agent=mqtt-kafka-kit`).toString('base64url');
}

async function read(source: () => Promise<AwsCredentials>): Promise<AwsCredentials> {
  try {
    return await source();
  } catch (cause) {
    throw new MkbError('aws-credentials-missing', { reason: firstLine(cause) }, { cause });
  }
}

async function defaultCredentials(region: string): Promise<() => Promise<AwsCredentials>> {
  try {
    const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
    return defaultProvider({ clientConfig: { region } });
  } catch (cause) {
    throw new MkbError('aws-library-missing', undefined, { cause });
  }
}

const firstLine = (error: unknown): string =>
  String((error as Error)?.message ?? error)
    .split('\n')[0]!
    .slice(0, 300);
