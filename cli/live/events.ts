/** Server-sent events, as /-/tap sends them: https://html.spec.whatwg.org/multipage/server-sent-events.html, without what it does not use. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** What does not end after so many characters is no event of ours. */
const mostChars = 4 * 1024 * 1024;

/** Ends when the stream does. Throws when it breaks. */
export async function* serverEvents(stream: Readable): AsyncGenerator<ServerEvent> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const chunk of stream) {
    text += decoder.write(chunk as Buffer);
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    if (text.length > mostChars) throw new Error('what it sends are no events');
    for (const block of blocks) {
      const event = eventOf(block);
      if (event.data !== '') yield event;
    }
  }
}

function eventOf(block: string): ServerEvent {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice(7);
    else if (line.startsWith('data: ')) data.push(line.slice(6));
  }
  return { event, data: data.join('\n') };
}
