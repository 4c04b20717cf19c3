import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WatchEvent, watchEvents } from '../../../operator/runtime/watch-stream.ts';

const event = (type: WatchEvent['type'], name: string): WatchEvent => ({
  type,
  object: { apiVersion: 'v1', kind: 'Thing', metadata: { name, resourceVersion: '1' } },
});
const body = (...events: readonly object[]) => Buffer.from(events.map(each => `${JSON.stringify(each)}\n`).join(''));

async function* pieces(...all: readonly (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const piece of all) yield Buffer.from(piece);
}

/** What a body is read as, and how it ends. */
async function read(source: AsyncIterable<Buffer>) {
  const events: WatchEvent[] = [];
  try {
    for await (const each of watchEvents(source, 'watch Thing')) events.push(each);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

describe('the events of a watch', () => {
  it('are the same however the body is cut into pieces, in the midst of letters too', async () => {
    const events = fc.array(
      fc.record({
        type: fc.constantFrom('ADDED' as const, 'MODIFIED' as const, 'DELETED' as const),
        name: fc.string({ unit: 'grapheme' }),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(events, fc.array(fc.nat(2000)), async (told, cuts) => {
        const wanted = told.map(({ type, name }) => event(type, name));
        const all = body(...wanted);
        const places = [0, ...cuts.map(cut => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
        const cut = places.slice(1).map((end, index) => all.subarray(places[index], end));
        expect(await read(pieces(...cut))).toEqual({ events: wanted });
      }),
    );
  });

  it('are given one by one: a slow reader holds the server up, and nothing piles up', async () => {
    let asked = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for (;;) {
        asked++;
        yield body(event('ADDED', `${asked}`));
      }
    }
    for await (const { object } of watchEvents(counted(), 'watch Thing')) {
      expect(asked).toBe(Number(object.metadata.name));
      if (asked === 5) break;
    }
    expect(asked).toBe(5);
  });

  it('end the body when the reader leaves', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield body(event('ADDED', 'a'));
      } finally {
        ended = true;
      }
    }
    for await (const _ of watchEvents(endless(), 'watch Thing')) break;
    expect(ended).toBe(true);
  });
});

describe('a watch that breaks', () => {
  it('gives what was whole, and an error for the half line', async () => {
    const whole = event('ADDED', 'whole');
    const { events, error } = await read(pieces(body(whole), '{"type":"MODIFIED","obj'));
    expect(events).toEqual([whole]);
    expect(error).toMatchObject({ code: 'kube-failed', kind: 'retryable' });
    expect((error as Error).message).toContain('MODIFIED');
  });

  it('gives a last line that is whole but for its end', async () => {
    const whole = event('ADDED', 'whole');
    expect(await read(pieces(JSON.stringify(whole)))).toEqual({ events: [whole] });
  });

  it.each([
    ['an error page', '<html>Bad gateway</html>'],
    ['an event without an object', '{"type":"ADDED"}'],
    ['an event of no type', '{"object":{}}'],
    ['null', 'null'],
    ['an object that is null', '{"type":"ADDED","object":null}'],
    ['an object that has no version', '{"type":"ADDED","object":{"metadata":{"name":"a"}}}'],
    ['an object that has no metadata', '{"type":"BOOKMARK","object":{}}'],
    ['an empty line', ''],
  ])('by %s says what it has read', async (_, line) => {
    const { events, error } = await read(pieces(`${line}\n`));
    expect(events).toEqual([]);
    expect(error).toMatchObject({ code: 'kube-failed', details: { action: 'watch Thing' } });
  });

  it.each([
    [410, 'kube-gone'],
    [429, 'kube-overloaded'],
    [500, 'kube-failed'],
    [403, 'kube-forbidden'],
    [undefined, 'kube-failed'],
  ])('because the server says %s in the midst of it throws %s', async (code, thrown) => {
    const status = { type: 'ERROR', object: { kind: 'Status', code, message: 'too old resource version: 1 (2)' } };
    const { events, error } = await read(pieces(body(event('ADDED', 'a'), status)));
    expect(events).toHaveLength(1);
    expect(error).toMatchObject({ code: thrown, details: { reason: 'too old resource version: 1 (2)' } });
  });
});
