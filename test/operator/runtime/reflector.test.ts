/** A reflector and a server that does to it, exactly and at once, what servers and networks do now and then. reflector-real.test.ts has a real one. */
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../operator/runtime/client.ts';
import { Reflector } from '../../../operator/runtime/reflector.ts';
import { until } from '../../real/until.ts';
import { heap } from '../support/heap.ts';
import { quietLog } from '../support/quiet-log.ts';
import { type Reflected, type ReflectedOptions, startReflector } from '../support/reflected.ts';
import {
  type Answer,
  type Asked,
  bookmark,
  events,
  inTurn,
  page,
  type ScriptedApi,
  startScriptedApi,
  status,
  thing,
  thingKind,
  watch,
} from '../support/scripted-api.ts';

let api: ScriptedApi | undefined;
let reflected: Reflected | undefined;

afterEach(async () => {
  await reflected?.stop();
  await api?.stop();
  reflected = api = undefined;
});

/** @param lists answers to lists, in turn; the last one stays. @param watches the same */
async function start(lists: Answer[], watches: Answer[], options: ReflectedOptions = {}) {
  api = await startScriptedApi(inTurn(lists, watches));
  reflected = startReflector(api, { random: () => 0, ...options });
  return { api, reflected };
}

const silent = watch('', 'silent');
const red = thing('red', 5);
const lists = ({ asked }: ScriptedApi) => asked.filter(({ query }) => !query.watch);
const watches = ({ asked }: ScriptedApi) => asked.filter(({ query }) => query.watch);
const asks = ({ query: { watch: watching, resourceVersion, continue: next } }: Asked) =>
  `${watching ? 'watch' : 'list'} ${resourceVersion ?? next ?? 'now'}`;

describe('a reflector', () => {
  it('lists first, from what the server has at hand, then watches from there, and tells what it learns', async () => {
    const said = events(
      ['ADDED', thing('blue', 8)],
      ['MODIFIED', thing('red', 9)],
      ['DELETED', thing('blue', 10)],
      ['ADDED', thing('green', 11)],
    );
    const { api, reflected } = await start([page(7, [red])], [watch(said, 'silent')]);
    await reflected.knows('green 11', 'red 9');
    await reflected.reflector.synced;
    expect(api.asked.map(asks)).toEqual(['list 0', 'watch 7']);
    expect(reflected.told).toEqual([
      'added red 5',
      'added blue 8',
      'modified red 9',
      'deleted blue 8',
      'added green 11',
    ]);
  });

  it('reads a list page by page, and tells it when it is whole', async () => {
    let listed = 0;
    const all = [page(7, [red], 'two'), page(7, [thing('blue', 6)], 'three'), page(7, [thing('green', 4)])];
    const { api, reflected } = await start(all, [silent], { onListed: () => listed++ });
    await reflected.knows('blue 6', 'green 4', 'red 5');
    expect(lists(api).map(({ query }) => [query.limit, query.resourceVersion, query.continue])).toEqual([
      ['500', '0', undefined],
      ['500', undefined, 'two'],
      ['500', undefined, 'three'],
    ]);
    expect(listed).toBe(1);
  });

  // A list was appended to another as the arguments of one call, of which there may be a hundred thousand and some. A server that answers from
  // its cache pays no heed to the size of a page.
  it('takes a page of 200,000 objects', async () => {
    const many = Array.from({ length: 200_000 }, (_, index) => thing(`thing-${index}`, index + 1));
    const { reflected } = await start([page(200_000, many)], [silent]);
    await until(
      'all of them',
      () => reflected.reflector.store.size === many.length || reflected.log.messages.length > 0,
    );
    expect(reflected.log.messages).toEqual([]);
  });

  it('keeps less of an object when told to, and never who set which field', async () => {
    const managed = { ...red, data: 'long', metadata: { ...red.metadata, managedFields: [{ manager: 'a' }] } };
    const { reflected } = await start([page(7, [managed])], [silent], {
      transform: ({ data: _, ...kept }) => kept,
    });
    await reflected.knows('red 5');
    expect(reflected.reflector.store.get('shop/red')).toEqual(red);
  });

  it('asks with its selectors, in lists and in watches', async () => {
    const { api, reflected } = await start([page(7, [])], [silent], {
      namespace: 'shop',
      labelSelector: 'a=b',
      fieldSelector: 'c=d',
    });
    await until('the watch', () => watches(api).length === 1);
    for (const { path, query } of api.asked) {
      expect(path).toBe('/apis/example.com/v1/namespaces/shop/things');
      expect(query).toMatchObject({ labelSelector: 'a=b', fieldSelector: 'c=d' });
    }
    expect(reflected.known()).toEqual([]);
  });

  it('ends at once, whatever it is about to do', async () => {
    for (const [list, watching] of [
      [() => undefined, silent],
      [page(7, []), () => undefined],
      [page(7, []), silent],
      [status(500), silent],
    ] as Answer[][]) {
      const { api, reflected } = await start([list!], [watching!]);
      await until('a request', () => api.asked.length > 0, { everyMs: 1 });
      await reflected.stop();
      await api.stop();
    }
    reflected = api = undefined;
  });
});

describe('a watch that ends', () => {
  it('goes on from the newest version that an event or a bookmark told', async () => {
    const { api, reflected } = await start(
      [page(7, [red])],
      [watch(events(['MODIFIED', thing('red', 9)])), watch(bookmark(20)), silent],
    );
    await until('the third watch', () => watches(api).length === 3);
    expect(api.asked.map(asks)).toEqual(['list 0', 'watch 7', 'watch 9', 'watch 20']);
    expect(reflected.log.messages).toEqual([]);
  });

  it('in the midst of a line loses nothing and tells nothing twice', async () => {
    const half = JSON.stringify({ type: 'ADDED', object: thing('green', 9) }).slice(0, 40);
    const first = events(['ADDED', thing('blue', 8)]) + half;
    for (const how of ['ends', 'cut'] as const) {
      const { api, reflected } = await start(
        [page(7, [])],
        [watch(first, how), watch(events(['ADDED', thing('green', 9)]), 'silent')],
      );
      await reflected.knows('blue 8', 'green 9');
      expect(watches(api).map(asks)).toEqual(['watch 7', 'watch 8']);
      expect(reflected.told).toEqual(['added blue 8', 'added green 9']);
      await reflected.stop();
      await api.stop();
    }
    reflected = api = undefined;
  });

  it('at once, having said nothing, is not begun again at once for ever', async () => {
    const { api } = await start([page(7, [])], [watch('')]);
    const startedAt = performance.now();
    await until('four watches', () => watches(api).length === 4);
    // The pauses after three of them: 200 ms each at least.
    expect(performance.now() - startedAt).toBeGreaterThan(590);
  });

  it('because its version is forgotten leads to a new list, of what is true now, and tells what differs', async () => {
    const gone = events(['ERROR', { kind: 'Status', code: 410, message: 'too old resource version' }]);
    for (const forgotten of [watch(gone), status(410)]) {
      const { api, reflected } = await start(
        [
          page(7, [red, thing('old', 3), thing('same', 4)]),
          page(50, [thing('red', 40), thing('new', 41), thing('same', 4)]),
        ],
        [forgotten, silent],
      );
      await reflected.knows('new 41', 'red 40', 'same 4');
      await until('the second watch', () => watches(api).length === 2);
      expect(api.asked.map(asks)).toEqual(['list 0', 'watch 7', 'list now', 'watch 50']);
      expect(reflected.told.slice(3)).toEqual(['modified red 40', 'added new 41', 'deleted old 3']);
      await reflected.stop();
      await api.stop();
    }
    reflected = api = undefined;
  });

  it('silently, though its connection is there, is begun again', async () => {
    const { api, reflected } = await start(
      [page(7, [])],
      [silent, watch(events(['ADDED', thing('red', 9)]), 'silent')],
      { silenceMs: 100 },
    );
    await reflected.knows('red 9');
    expect(watches(api).slice(0, 2).map(asks)).toEqual(['watch 7', 'watch 7']);
  });

  it('never while bookmarks come', async () => {
    const { api, reflected } = await start(
      [page(7, [])],
      [
        response => {
          silent(response, api!.asked[0]!);
          let version = 8;
          const timer = setInterval(() => response.write(bookmark(version++)), 20);
          response.on('close', () => clearInterval(timer));
          setTimeout(() => response.write(events(['ADDED', thing('red', 900)])), 1500);
        },
      ],
      { silenceMs: 1000 },
    );
    await reflected.knows('red 900');
    expect(watches(api)).toHaveLength(1);
  });
});

describe('a list that fails', () => {
  it('in the middle, because its token has expired, begins again and tells nothing by halves', async () => {
    const { api, reflected } = await start(
      [page(7, [red], 'two'), status(410), page(9, [thing('blue', 8)], 'three'), page(9, [thing('red', 9)])],
      [silent],
    );
    await reflected.knows('blue 8', 'red 9');
    expect(lists(api).map(asks)).toEqual(['list 0', 'list two', 'list 0', 'list three']);
    expect(reflected.told).toEqual(['added blue 8', 'added red 9']);
  });

  it('is retried after pauses that grow', async () => {
    const times: number[] = [];
    await start(
      [
        response => {
          times.push(performance.now());
          status(500)(response, api!.asked[0]!);
        },
      ],
      [silent],
      { random: () => 1 },
    );
    await until('four attempts', () => times.length === 4);
    const pauses = times.slice(1).map((at, index) => at - times[index]!);
    expect(pauses[0]).toBeGreaterThan(390);
    expect(pauses[1]).toBeGreaterThan(590);
    expect(pauses[2]).toBeGreaterThan(990);
  });

  // The server said when it would have time again, and was asked five times before that.
  it('because the server has no time is retried when the server says', async () => {
    const times: number[] = [];
    const { reflected } = await start(
      [
        response => {
          times.push(performance.now());
          const busy = times.length === 1 ? status(429, {}, { 'retry-after': '1' }) : page(7, [red]);
          busy(response, api!.asked[0]!);
        },
      ],
      [silent],
    );
    await reflected.knows('red 5');
    expect(times).toHaveLength(2);
    expect(times[1]! - times[0]!).toBeGreaterThan(990);
  });

  it('leaves what was known, and is said to the log', async () => {
    const { reflected } = await start([page(7, [red]), status(500), page(9, [thing('red', 8)])], [status(410), silent]);
    await until('the failure', () => reflected.log.messages.length > 0, { everyMs: 1 });
    expect(reflected.known()).toEqual(['red 5']);
    await reflected.knows('red 8');
    expect(reflected.log.messages).toEqual(['watching failed; it is retried']);
  });
});

describe('a change that nobody told', () => {
  it('is found by a comparison at the very version, counted, and told', async () => {
    const { api, reflected } = await start(
      [page(7, [red, thing('gone', 6)]), page(20, [thing('red', 9), thing('new', 10)])],
      [watch(bookmark(20)), silent],
      { compareEvery: 1 },
    );
    await reflected.knows('new 10', 'red 9');
    expect(lists(api)[1]!.query).toMatchObject({ resourceVersion: '20', resourceVersionMatch: 'Exact', limit: '500' });
    expect(reflected.missed).toEqual([3]);
    expect(reflected.told.slice(2)).toEqual(['modified red 9', 'added new 10', 'deleted gone 6']);
    expect(reflected.log.messages).toEqual(['the watch has not reported changes; they were found by a list']);
  });

  it('is not looked for when the version is too old for that, and the watch goes on', async () => {
    const { api, reflected } = await start([page(7, [red]), status(410)], [watch(bookmark(20)), silent], {
      compareEvery: 1,
    });
    await until('the second watch', () => watches(api).length === 2);
    expect(watches(api).map(asks)).toEqual(['watch 7', 'watch 20']);
    expect([reflected.missed, reflected.log.messages]).toEqual([[], []]);
  });

  it('is none when the watch has told everything', async () => {
    const { api, reflected } = await start(
      [page(7, []), page(20, [red])],
      [watch(events(['ADDED', red]) + bookmark(20)), silent],
      { compareEvery: 1 },
    );
    await until('the second watch', () => watches(api).length === 2);
    expect([reflected.missed, reflected.told]).toEqual([[], ['added red 5']]);
  });
});

describe('a thousand reconnects', () => {
  const times = 1000;

  it('leave one watch, one connection at most, no listener and no memory behind', async () => {
    let version = 10;
    let watched = 0;
    let heapAtTenth = 0;
    const tooLong = 'x'.repeat(1000);
    api = await startScriptedApi(
      inTurn(
        // What it is compared with is what it was told last.
        [page(7, []), (response, asked) => page(version, [thing('red', version)])(response, asked)],
        [
          (response, asked) => {
            version++;
            if (version === 10 + times / 10) heapAtTenth = heap();
            watched++;
            // One that is cut is followed by a pause, which would make minutes of a thousand.
            const how = version >= 10 + times ? 'silent' : version % 100 === 0 ? 'cut' : 'ends';
            api!.asked.length = 0;
            watch(events(['MODIFIED', thing('red', version, { tooLong })]), how)(response, asked);
          },
        ],
      ),
    );
    const stopping = new AbortController();
    const client = new ApiClient(api.config);
    const reflector = new Reflector(client, thingKind, {
      log: quietLog(),
      random: () => 0,
      compareEvery: times / 4,
    });
    const ended = reflector.run(stopping.signal);
    await until('the last watch', () => reflector.store.get('shop/red')?.metadata.resourceVersion === `${10 + times}`);
    expect(watched).toBe(times);
    await until('one connection', async () => (await api!.open()) === 1);
    // One of the watch under way.
    expect(getEventListeners(stopping.signal, 'abort').length).toBe(1);
    expect(heap() - heapAtTenth).toBeLessThan(2 * 1024 * 1024);
    stopping.abort();
    await ended;
    expect(getEventListeners(stopping.signal, 'abort').length).toBe(0);
    client.close();
    await until('no connection', async () => (await api!.open()) === 0);
  });
});
