/**
 * `GET /-/tap?point=source`: live messages as server-sent events, for the user of this machine or who has the token, since they show what messages hold.
 *
 * | query | |
 * | --- | --- |
 * | `point` | `source`, `rule:NAME`, `sink`, `dead-letters`; may be given several times; `source` when left out |
 * | `bridge` | the bridge of a process that runs several; all of them when left out |
 * | `filter` | an MQTT filter for topics |
 * | `limit` | after so many messages it ends |
 * | `rate` | so many messages a second of each point at most, 1 to 1000 |
 * | `bytes` | so many bytes of each payload, key and row at most, 0 to 65,536 |
 *
 * An event without a name is a message (`TappedMessage`, with its bridge). `missed` says how many were not shown, `end` that there are no more, and why.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { reply } from '../../network/http-server.ts';
import { refusalTo, type TokenReader } from '../../network/who-asks.ts';
import type { Tap } from './tap.ts';
import { TapStream } from './tap-stream.ts';

export interface Tapped {
  readonly name: string;
  readonly tap: Tap;
}

export interface TapGate {
  readonly bridges: () => readonly Tapped[];
  /** Without it only this machine may ask. */
  readonly token: TokenReader;
}

export async function answerTap(
  { bridges, token }: TapGate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET') {
    reply(response, 405, 'Only GET is answered here.\n', { allow: 'GET' });
    return;
  }
  const refusal = await refusalTo(request, token);
  if (refusal !== undefined) {
    reply(response, refusal.status, refusal.text, refusal.headers);
    return;
  }
  try {
    open(bridges(), queryOf(request.url), response);
  } catch (error) {
    const { code, message, remedy } = asMkbError(error);
    reply(response, code === 'tap-too-many' ? 503 : 400, `${message} [${code}]\n${remedy}\n`);
  }
}

/** Throws what `Tap.watch` throws, and `tap-option-invalid`. */
function open(bridges: readonly Tapped[], query: URLSearchParams, response: ServerResponse): void {
  const points = query.has('point') ? query.getAll('point') : ['source'];
  const options = {
    filter: query.get('filter') ?? undefined,
    perSecond: numberIn(query, 'rate', 1, 1000),
    maxBytes: numberIn(query, 'bytes', 0, 65_536),
  };
  const limit = numberIn(query, 'limit', 1, Number.MAX_SAFE_INTEGER);
  const chosen = chosenOf(bridges, query.get('bridge'), points);
  const stream = new TapStream(response, limit);
  try {
    for (const { name, tap } of chosen) stream.add(name, wake => tap.watch(points, options, wake));
  } catch (error) {
    stream.close();
    throw error;
  }
  stream.begin();
}

/** Those that have the points; if none has, the first says why not. */
function chosenOf(bridges: readonly Tapped[], name: string | null, points: readonly string[]): readonly Tapped[] {
  const named = name === null ? bridges : bridges.filter(bridge => bridge.name === name);
  if (named.length === 0) {
    const range = `one of the bridges here (${bridges.map(bridge => bridge.name).join(', ')})`;
    throw new MkbError('tap-option-invalid', { name: 'bridge', text: name ?? '', range });
  }
  const having = named.filter(({ tap }) => points.every(point => tap.points.includes(point)));
  return having.length > 0 ? having : named.slice(0, 1);
}

function numberIn(query: URLSearchParams, name: string, least: number, most: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? 'a number from 1 up' : `a number from ${least} to ${most}`;
  throw new MkbError('tap-option-invalid', { name, text, range });
}

/** A target may be anything: it is not parsed as a URL. */
const queryOf = (target = ''): URLSearchParams =>
  new URLSearchParams(target.split('#', 1)[0]!.split('?').slice(1).join('?'));
