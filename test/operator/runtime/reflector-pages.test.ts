/** What a list costs in memory: one page, whatever is in the cluster. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Reflected, startReflector } from '../support/reflected.ts';
import {
  type Answer,
  events,
  inTurn,
  json,
  page,
  type ScriptedApi,
  startScriptedApi,
  thing,
  watch,
} from '../support/scripted-api.ts';

let api: ScriptedApi | undefined;
let reflected: Reflected | undefined;

afterEach(async () => {
  await reflected?.stop();
  await api?.stop();
  reflected = api = undefined;
});

const silent = watch('', 'silent');

describe('a reflector', () => {
  it('reads a list that is too long for one answer page by page, as short as they must be', async () => {
    // A cache answered with all ConfigMaps of the cluster at once, and the process was killed for memory.
    const things = Array.from({ length: 12 }, (_, index) =>
      thing(`t${index}`, index + 1, { text: 'x'.repeat(1_000_000) }),
    );
    const sizes: number[] = [];
    const server: Answer = (response, asked) => {
      if (asked.query.watch) return silent(response, asked);
      const whole = asked.query.resourceVersion === '0';
      const from = Number(asked.query.continue ?? 0);
      const to = whole ? things.length : Math.min(things.length, from + Number(asked.query.limit));
      sizes.push(to - from);
      const metadata = { resourceVersion: '50', ...(to < things.length && { continue: String(to) }) };
      json(200, { metadata, items: things.slice(from, to) })(response, asked);
    };
    api = await startScriptedApi(server);
    reflected = startReflector(api, {
      random: () => 0,
      transform: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }),
    });
    await reflected.reflector.synced;
    expect(reflected.known()).toHaveLength(12);
    // All of it at once, and with whatever limit it took; then never more than what fits.
    expect(sizes.filter(size => size <= 2).reduce((sum, size) => sum + size, 0)).toBe(12);
    expect(sizes[0]).toBe(12);
  });

  it('of metadata alone asks for no more, and knows the objects by their own kind', async () => {
    const said = events([
      'ADDED',
      { ...thing('blue', 8), apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' },
    ]);
    api = await startScriptedApi(inTurn([page(7, [thing('red', 5)])], [watch(said, 'silent')]));
    reflected = startReflector(api, { random: () => 0, metadataOnly: true });
    await reflected.knows('blue 8', 'red 5');
    expect(api.asked.map(({ headers }) => headers.accept)).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ]);
    expect(reflected.reflector.store.list().map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'example.com/v1 Thing',
      'example.com/v1 Thing',
    ]);
  });
});
