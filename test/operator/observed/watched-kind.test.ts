import { afterEach, describe, expect, it } from 'vitest';
import { WatchedKind, type WatchedKindOptions } from '../../../operator/observed/watched-kind.ts';
import { ApiClient } from '../../../operator/runtime/client.ts';
import { until } from '../../real/until.ts';
import { quietLog } from '../support/quiet-log.ts';
import {
  type Answer,
  json,
  page,
  type ScriptedApi,
  startScriptedApi,
  status,
  thing,
  thingKind,
  watch,
} from '../support/scripted-api.ts';

let undo: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});

/** @param discovery answers to whether things are served, in turn; the last one stays */
async function start(namespaces: readonly string[], discovery: Answer[] = [], more: Partial<WatchedKindOptions> = {}) {
  const silent = watch('', 'silent');
  const api: ScriptedApi = await startScriptedApi((response, asked) => {
    const [, namespace] = /namespaces\/([^/]+)/.exec(asked.path) ?? [];
    if (asked.query.watch) silent(response, asked);
    else if (asked.path === '/apis/example.com/v1')
      (discovery.length > 1 ? discovery.shift()! : discovery[0]!)(response, asked);
    else page(7, things(namespace))(response, asked);
  });
  const client = new ApiClient(api.config);
  const stopping = new AbortController();
  const log = quietLog();
  const watched = new WatchedKind(client, thingKind, { namespaces, log, discoveryMs: 1, ...more });
  const running = (work: Promise<void>) => {
    undo.push(async () => {
      stopping.abort();
      await work;
      client.close();
      await api.stop();
    });
  };
  return { api, watched, log, stopping, running };
}

const inNamespace = (namespace: string, name: string) => {
  const { metadata, ...rest } = thing(name, 5);
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid: 'owner' }];
  return { ...rest, metadata: { ...metadata, namespace, ownerReferences } };
};
const all = [inNamespace('a', 'one'), inNamespace('b', 'two'), inNamespace('c', 'three')];
const things = (namespace?: string) => all.filter(({ metadata }) => !namespace || metadata.namespace === namespace);
const names = (objects: readonly { metadata: { name: string } }[]) =>
  objects.map(({ metadata }) => metadata.name).sort();

const served = json(200, { resources: [{ name: 'things' }] });
const pathsOfLists = ({ asked }: ScriptedApi) =>
  [...new Set(asked.filter(({ path }) => path.includes('things')).map(({ path }) => path))].sort();

describe('a kind', () => {
  it('is watched in the whole cluster when no namespace is named', async () => {
    const { api, watched, stopping, running } = await start([]);
    running(watched.run(stopping.signal));
    await watched.synced();
    expect(pathsOfLists(api)).toEqual(['/apis/example.com/v1/things']);
    expect(names(watched.list())).toEqual(['one', 'three', 'two']);
    expect([watched.covers('a'), watched.covers('anywhere')]).toEqual([true, true]);
    expect(watched.get({ namespace: 'b', name: 'two' })?.metadata.name).toBe('two');
  });

  it('is watched in the namespaces that are named, and nowhere else', async () => {
    const { api, watched, stopping, running } = await start(['a', 'b', 'a']);
    running(watched.run(stopping.signal));
    await watched.synced();
    expect(pathsOfLists(api)).toEqual(['a', 'b'].map(name => `/apis/example.com/v1/namespaces/${name}/things`));
    expect(api.asked.filter(({ query }) => !query.watch)).toHaveLength(2);
    expect([names(watched.list()), names(watched.byOwner('owner'))]).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
    expect([watched.covers('a'), watched.covers('c')]).toEqual([true, false]);
    expect([watched.get({ namespace: 'a', name: 'two' }), watched.get({ namespace: 'c', name: 'three' })]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('that is not served is looked for until it is, and not asked for before', async () => {
    const { api, watched, stopping, running } = await start(
      [],
      [status(404), json(200, { resources: [{ name: 'others' }] }), served],
    );
    running(watched.runWhenServed(stopping.signal));
    await watched.synced();
    expect(watched.served).toBe(true);
    expect(api.asked.slice(0, 4).map(({ path }) => path)).toEqual([
      ...Array(3).fill('/apis/example.com/v1'),
      '/apis/example.com/v1/things',
    ]);
  });

  it('of which nobody knows whether it is served is looked for again, and the failure is said to the log', async () => {
    const { watched, log, stopping, running } = await start([], [status(500), served]);
    running(watched.runWhenServed(stopping.signal));
    await watched.synced();
    expect(log.messages).toEqual(['discovery failed; it is retried']);
  });

  it('that is never served ends when it is asked to, and complains of nothing', async () => {
    const { api, watched, log, stopping, running } = await start([], [status(404)], { discoveryMs: 100_000 });
    const ended = watched.runWhenServed(stopping.signal);
    running(ended);
    await until('a look', () => api.asked.length === 1, { everyMs: 1 });
    stopping.abort();
    await ended;
    expect([watched.served, watched.list(), log.messages]).toEqual([false, [], []]);
  });
});
