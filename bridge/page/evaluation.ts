/** `POST /-/evaluate`: what a rule makes of a message, for the playground of the page. Nothing is sent anywhere. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { reply } from '../../network/http-server.ts';
import { refusalTo, type TokenReader } from '../../network/who-asks.ts';
import type { ShownBridge } from './shown-bridge.ts';

/** What somebody wants to try. */
export interface Trial {
  readonly sql: string;
  readonly topic: string;
  /** UTF-8, or base64 with `isBase64`. */
  readonly payload: string;
  readonly isBase64: boolean;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** A rule of the bridge, whose sinks write what the SQL makes. */
  readonly rule: string | undefined;
}

/** Works a trial out, bounded in time and size. Never rejects for what the trial holds. */
export type Evaluate = (trial: Trial, bridge: ShownBridge) => Promise<object>;

const mostBytes = 256 * 1024;

export async function answerEvaluation(
  { bridges, token, evaluate }: { bridges: readonly ShownBridge[]; token: TokenReader; evaluate: Evaluate },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = await refusalTo(request, token);
  if (refusal) return reply(response, refusal.status, refusal.text, refusal.headers);
  // What another site can send without asking is no JSON.
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    return reply(response, 415, 'Send application/json.\n');
  const text = await bodyOf(request);
  if (text === undefined) return reply(response, 413, `At most ${mostBytes} bytes are taken.\n`);
  const asked = trialIn(text);
  const bridge = asked && (bridges.find(({ name }) => name === asked.bridge) ?? bridges[0]);
  if (!asked || !bridge) return reply(response, 400, 'Send {"sql", "topic", "payload"} as JSON.\n');
  const answer = JSON.stringify(await evaluate(asked.trial, bridge));
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(answer);
}

/** Undefined if it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function trialIn(text: string): { readonly trial: Trial; readonly bridge: unknown } | undefined {
  const given = parsed(text);
  if (given === undefined) return undefined;
  const { sql, topic, payload, isBase64, qos, retain, rule, bridge } = given;
  if (typeof sql !== 'string' || typeof topic !== 'string' || typeof payload !== 'string') return undefined;
  const trial = {
    ...{ sql, topic, payload, isBase64: isBase64 === true, retain: retain === true },
    qos: qos === 1 || qos === 2 ? qos : 0,
    rule: typeof rule === 'string' ? rule : undefined,
  } as const;
  return { trial, bridge };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
