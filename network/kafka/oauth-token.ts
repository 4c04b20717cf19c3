/**
 * Tokens of an OAuth 2.0 token endpoint, by client credentials (RFC 6749, 4.4), as Kafka's own clients get them (KIP-768). One is kept until
 * four fifths of its life are over; the next is asked for by whoever comes then.
 */
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { MkbError } from '../../api/errors.ts';
import { failureText, tlsFailure } from '../connect-failure.ts';
import { shownUrl } from '../shown-url.ts';
import { agentTls, type TlsTexts } from '../tls-settings.ts';
import type { TokenSource } from './security.ts';

export interface OauthClient {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: () => Promise<string>;
  readonly scope?: string;
  readonly tls?: () => Promise<TlsTexts>;
}

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

const timeoutMs = 10_000;
const answerLimit = 256 * 1024;
/** RFC 6749, 5.1 leaves out how long a token lives if the server has said it elsewhere. */
const assumedSeconds = 300;

/** @param now milliseconds of a clock that nobody sets: one that is set back would keep a token that is long over */
export function oauthTokens(client: OauthClient, now: () => number = () => performance.now()): TokenSource {
  let current: Promise<Token> | undefined;
  return {
    token: async () => {
      const known = await current?.catch(() => undefined);
      if (!known || known.renewAt <= now()) current = fetchToken(client, now);
      return (await current!).text;
    },
    refused: () => {
      current = undefined;
    },
  };
}

async function fetchToken(client: OauthClient, now: () => number): Promise<Token> {
  const endpoint = shownUrl(client.tokenEndpoint);
  const tls = await client.tls?.();
  const { status, text } = await post(client, await client.clientSecret(), tls).catch(cause => {
    throw (
      tlsFailure(cause, `the token endpoint ${endpoint}`, tls?.cert !== undefined) ??
      new MkbError('kafka-token-unavailable', { endpoint, reason: failureText(cause) }, { cause })
    );
  });
  const answer = readAnswer(text);
  if (status === 200 && typeof answer.access_token === 'string' && answer.access_token !== '')
    return { text: answer.access_token, renewAt: now() + (Number(answer.expires_in) || assumedSeconds) * 800 };
  const said = [answer.error, answer.error_description].filter(part => typeof part === 'string').join(': ');
  const reason =
    (status === 200 ? 'the answer has no access_token' : `HTTP ${status}`) + (said && `, ${said.slice(0, 200)}`);
  const final = status === 401 || refusals.has(String(answer.error));
  throw new MkbError(final ? 'kafka-token-refused' : 'kafka-token-unavailable', { endpoint, reason });
}

/** What asking again does not change (RFC 6749, 5.2). */
const refusals: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
]);

async function post(
  { tokenEndpoint, clientId, scope }: OauthClient,
  clientSecret: string,
  tls: TlsTexts | undefined,
): Promise<{ status: number; text: string }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) });
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const body = form.toString();
  const options = {
    method: 'POST',
    agent: false as const,
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    },
    signal: AbortSignal.timeout(timeoutMs),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = tokenEndpoint.startsWith('https:')
      ? secureRequest(tokenEndpoint, { ...options, ...agentTls(tls) }, resolve)
      : plainRequest(tokenEndpoint, options, resolve);
    request.once('error', reject).end(body);
  });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk;
    if (text.length > answerLimit) throw new Error('the answer is too long');
  }
  return { status: response.statusCode ?? 0, text };
}

function readAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
