/**
 * The body of a watch: one JSON object a line, for as long as the connection lasts.
 *
 * A line may come in many pieces, and a piece may hold many lines or end in the midst of a letter, so bytes are joined before they
 * become text. Each line is given to the caller before the next is read: who is slow slows the server down, and nothing piles up here.
 */
import { MkbError } from '../../api/errors.ts';
import type { KubeObject } from './object.ts';
import { statusError } from './status-error.ts';

export interface WatchEvent {
  /** A BOOKMARK's object has a resource version and nothing else: the watch has reported everything up to there. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/**
 * The events of a watch.
 *
 * @param action for errors: `watch Secret`
 * @throws kube-gone and whatever else the server says in the midst of it; kube-failed when it says what is no event
 */
export async function* watchEvents(
  body: AsyncIterable<Buffer>,
  action: string,
): AsyncGenerator<WatchEvent, void, void> {
  for await (const line of lines(body)) {
    const event = parse(line, action);
    if (event.type === 'ERROR') throw statusError(action, undefined, event.object);
    yield event as WatchEvent;
  }
}

function parse(line: string, action: string): { type: string; object: object } {
  try {
    const event = JSON.parse(line);
    if (event?.type === 'ERROR' && typeof event.object === 'object' && event.object !== null) return event;
    if (types.has(event?.type) && typeof event.object?.metadata?.resourceVersion === 'string') return event;
  } catch {
    // Half a line, of a server that ended in the midst of it: reported below.
  }
  throw new MkbError('kube-failed', {
    action,
    status: 200,
    reason: `its watch says ${JSON.stringify(line.slice(0, 80))}`,
  });
}

const types = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

const newline = 0x0a;

/** Each line of a text that comes in pieces. */
export async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string, void, void> {
  let begun: Buffer[] = [];
  for await (const piece of body) {
    let from = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, from)) {
      begun.push(piece.subarray(from, end));
      yield Buffer.concat(begun).toString('utf8');
      begun = [];
      from = end + 1;
    }
    if (from < piece.length) begun.push(piece.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8');
}
