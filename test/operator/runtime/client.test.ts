/** What a client makes of answers, by a server that says what it is told to. The real one's are met in reflector, apply, status and finalizer. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { ApiClient, type ApiClientOptions, type RequestFigures } from '../../../operator/runtime/client.ts';
import { until } from '../../real/until.ts';
import {
  type Answer,
  events,
  json,
  page,
  type ScriptedApi,
  startScriptedApi,
  status,
  thing,
  thingKind,
  watch,
} from '../support/scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(async () => {
  await api?.stop();
  api = undefined;
});

async function start(answer: Answer, options: ApiClientOptions = {}) {
  api = await startScriptedApi(answer);
  return { api, client: new ApiClient(api.config, options) };
}

const red = { namespace: 'shop', name: 'red' };
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a request', () => {
  it('goes to the place of its kind, in JSON, and says who asks', async () => {
    const { api, client } = await start(json(200, thing('red', 1)), { userAgent: 'test' });
    await client.apply(thingKind, thing('red', 1), { fieldManager: 'me', dryRun: true, subresource: 'status' });
    await client.list(thingKind, { namespace: 'shop', labelSelector: 'a in (b, c)', limit: 5 }).catch(() => undefined);
    expect(api.asked).toMatchObject([
      {
        method: 'PATCH',
        path: '/apis/example.com/v1/namespaces/shop/things/red/status',
        query: { fieldManager: 'me', force: 'false', dryRun: 'All' },
        headers: { 'user-agent': 'test', 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify(thing('red', 1)),
      },
      {
        method: 'GET',
        path: '/apis/example.com/v1/namespaces/shop/things',
        query: { labelSelector: 'a in (b, c)', limit: '5' },
      },
    ]);
  });

  it('for what is not there is no error, unless something was to be written', async () => {
    const { client } = await start(status(404));
    expect(await client.get(thingKind, red)).toBeUndefined();
    expect(await client.discover('example.com/v1')).toBeUndefined();
    await client.delete(thingKind, red);
    await expect(client.replace(thingKind, thing('red', 1))).rejects.toMatchObject({ code: 'kube-not-found' });
    await expect(client.list(thingKind)).rejects.toMatchObject({ code: 'kube-not-found' });
  });

  it('names its object by uid when only that one is to be deleted', async () => {
    const { api, client } = await start(json(200, {}));
    await client.delete(thingKind, red, { uid: 'u', propagationPolicy: 'Orphan' });
    expect(JSON.parse(api.asked[0]!.body)).toMatchObject({
      propagationPolicy: 'Orphan',
      preconditions: { uid: 'u' },
    });
  });

  it('that is not answered in time ends with a limit that says what it was', async () => {
    const { client } = await start(() => undefined, { timeoutMs: 50 });
    const error = await thrown(client.get(thingKind, red));
    expect(error).toMatchObject({ code: 'kube-timeout', details: { action: 'get Thing shop/red', waitedMs: 50 } });
  });

  it('whose answer stops in the middle ends with the same limit', async () => {
    const { client } = await start(response => response.writeHead(200).write('{"metadata":'), { timeoutMs: 50 });
    expect(await thrown(client.get(thingKind, red))).toMatchObject({ code: 'kube-timeout' });
  });

  it("ends with its signal, for the signal's reason", async () => {
    const { client } = await start(() => undefined);
    const leaving = new AbortController();
    const asking = thrown(client.get(thingKind, red, { signal: leaving.signal }));
    await until('the request', () => api!.asked.length === 1, { everyMs: 1 });
    leaving.abort('enough');
    expect(await asking).toBe('enough');
    expect(await thrown(client.get(thingKind, red, { signal: leaving.signal }))).toBe('enough');
  });

  it('that changes something is asked for leave first; others are not', async () => {
    const leave = new MkbError('leadership-lost', { lease: 'a' });
    const { api, client } = await start(json(200, thing('red', 1)), {
      beforeWrite: () => {
        throw leave;
      },
    });
    await client.get(thingKind, red);
    const writes = [
      () => client.create(thingKind, thing('red', 1)),
      () => client.replace(thingKind, thing('red', 1)),
      () => client.apply(thingKind, thing('red', 1), { fieldManager: 'me' }),
      () => client.patch(thingKind, red, []),
      () => client.delete(thingKind, red),
    ];
    for (const write of writes) expect(await thrown(write())).toBe(leave);
    expect(api.asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('is told with its status, or as an error where there was no answer', async () => {
    const told: RequestFigures[] = [];
    const answers: Answer[] = [json(200, thing('red', 1)), status(500), response => response.destroy()];
    const { client } = await start((response, asked) => answers.shift()!(response, asked), {
      onRequest: figures => told.push(figures),
    });
    for (let index = 0; index < 3; index++) await thrown(client.get(thingKind, red));
    expect(told.map(({ method, code }) => `${method} ${code}`)).toEqual(['GET 200', 'GET 500', 'GET <error>']);
    expect(told.every(({ seconds }) => seconds > 0 && seconds < 30)).toBe(true);
  });
});

describe('an answer', () => {
  it('of 429 says when to come back, by its header or by itself', async () => {
    const answers = [
      status(429, {}, { 'retry-after': '7' }),
      status(503, { details: { retryAfterSeconds: 3 } }),
      status(429, {}, { 'retry-after': 'Fri, 01 Jan 2027 00:00:00 GMT' }),
    ];
    const { client } = await start((response, asked) => answers.shift()!(response, asked));
    const seconds = async () => ((await thrown(client.get(thingKind, red))) as MkbError<'kube-overloaded'>).details;
    expect(await seconds()).toMatchObject({ retryAfterSeconds: 7 });
    expect(await seconds()).toMatchObject({ retryAfterSeconds: 3 });
    expect(await seconds()).toMatchObject({ retryAfterSeconds: undefined });
  });

  it.each([
    ['502 in HTML', 502, '<html>Bad gateway</html>', 'kube-failed', 'Bad gateway'],
    ['403 in a JSON of its own', 403, '{"message":{"code":42}}', 'kube-forbidden', 'HTTP 403'],
    ['200 that is no JSON', 200, '<html>Please log in</html>', 'kube-failed', 'Please log in'],
    ['200 with nothing', 200, '', 'kube-failed', 'no JSON'],
  ])('of a proxy in between is an error of the table: %s', async (_, code, text, expected, says) => {
    const { client } = await start(response => response.writeHead(code).end(text));
    const error = await thrown(client.get(thingKind, red));
    expect(error).toMatchObject({ code: expected });
    expect((error as Error).message).toContain(says);
  });

  // It was a TypeError, and counted as a fault in the program.
  it.each([
    '{}',
    'null',
    '"yes"',
    '{"items":[]}',
    '{"metadata":{}}',
  ])('to a list that is none is an error of the table: %s', async text => {
    const { client } = await start(response => response.writeHead(200).end(text));
    expect(await thrown(client.list(thingKind))).toMatchObject({ code: 'kube-failed' });
  });

  it('that is cut short is no answer', async () => {
    const { client } = await start(response => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"metadata":{}}', () => response.destroy());
    });
    expect(await thrown(client.get(thingKind, red))).toMatchObject({ code: 'kube-unreachable' });
  });

  it('of a list says of each item what it is, and whether there are more', async () => {
    const { apiVersion: _, kind: __, ...bare } = thing('red', 1);
    const { client } = await start(page(9, [bare as never], 'next'));
    expect(await client.list(thingKind)).toMatchObject({
      items: [{ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'red' } }],
      resourceVersion: '9',
      continue: 'next',
    });
  });

  it('of an empty list has no items and no next page, as Go writes it', async () => {
    const { client } = await start(json(200, { items: null, metadata: { resourceVersion: '9', continue: '' } }));
    expect(await client.list(thingKind)).toMatchObject({ items: [], continue: undefined });
  });

  it('of discovery has the kinds of a group, and not their parts', async () => {
    const { client } = await start(json(200, { resources: [{ name: 'things' }, { name: 'things/status' }] }));
    expect(await client.discover('example.com/v1')).toEqual(new Set(['things']));
  });
});

describe('a watch', () => {
  const options = { resourceVersion: '5', timeoutSeconds: 60 };

  it('asks for bookmarks, from where the reader is', async () => {
    const { api, client } = await start(watch(events(['ADDED', thing('red', 6)])));
    for await (const { type } of client.watch(thingKind, options)) expect(type).toBe('ADDED');
    expect(api.asked[0]!.query).toMatchObject({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '60',
    });
  });

  it('has a limit of time until it begins, and none after', async () => {
    let open: ServerResponse | undefined;
    const begin = watch('', 'silent');
    const { client } = await start(
      (response, asked) => {
        if (!asked.query.watch || open) return;
        begin(response, asked);
        open = response;
      },
      { timeoutMs: 3000 },
    );
    const watching = client.watch(thingKind, options).next();
    await until('the watch', () => open, { everyMs: 1 });
    // Another request, begun later, has been given up by then.
    expect(await thrown(client.get(thingKind, red))).toMatchObject({ code: 'kube-timeout' });
    open!.end(events(['ADDED', thing('red', 6)]));
    expect(await watching).toMatchObject({ value: { type: 'ADDED' } });
    expect(await thrown(client.watch(thingKind, options).next())).toMatchObject({ code: 'kube-timeout' });
  });

  it('ends its connection when its reader leaves', async () => {
    const { api, client } = await start(watch(events(['ADDED', thing('red', 6)]), 'silent'));
    for await (const _ of client.watch(thingKind, options)) break;
    await until('no connection', async () => (await api.open()) === 0);
  });

  it('that is cut is an error, and what came before it is not lost', async () => {
    const { client } = await start(watch(`${events(['ADDED', thing('red', 6)])}{"type":"MOD`, 'cut'));
    const seen: string[] = [];
    const reading = async () => {
      for await (const { object } of client.watch(thingKind, options)) seen.push(object.metadata.name);
    };
    expect(await thrown(reading())).toMatchObject({ code: 'kube-unreachable', kind: 'retryable' });
    expect(seen).toEqual(['red']);
  });
});
