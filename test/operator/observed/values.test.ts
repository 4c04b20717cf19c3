import { describe, expect, it } from 'vitest';
import { kinds } from '../../../operator/kinds.ts';
import { Values } from '../../../operator/observed/values.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject, ObjectKey } from '../../../operator/runtime/object.ts';

const key = { namespace: 'shop', name: 'mqtt' };
const secret = (version: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { ...key, resourceVersion: version, managedFields: [{ manager: 'kubectl' }] },
  data: { password: version },
});

/** A Secret in the watch at one version, and at the server at another. */
function stage(mostOfNamespace?: number) {
  const at = { seen: '1' as string | undefined, there: '1' as string | undefined };
  const asked: string[] = [];
  const values = new Values({
    client: {
      get: async ({ kind }: ResourceKind, { name }: ObjectKey) => {
        asked.push(`${kind} ${name}`);
        return at.there === undefined ? undefined : secret(at.there);
      },
    },
    ...(mostOfNamespace !== undefined && { mostOfNamespace }),
    seen: () => (at.seen === undefined ? undefined : secret(at.seen)),
    keep: (_, object) => ({ ...object, kept: true }),
  });
  const read = () => values.read(kinds.secret, key, {});
  return { at, asked, values, read };
}

describe('the content of a Secret', () => {
  it('is asked for each time when its namespace has had its share', async () => {
    const { asked, read } = stage(10);
    for (let time = 0; time < 2; time++) expect(await read()).toMatchObject({ data: { password: '1' } });
    expect(asked).toHaveLength(2);
  });

  it('is asked for once for each version, and less is kept of it', async () => {
    const { at, asked, read } = stage();
    expect(await read()).toMatchObject({ kept: true, data: { password: '1' } });
    expect((await read())?.metadata.managedFields).toBeUndefined();
    expect(asked).toEqual(['Secret mqtt']);
    at.seen = at.there = '2';
    expect(await read()).toMatchObject({ data: { password: '2' } });
    expect(asked).toHaveLength(2);
  });

  it('is not asked for when the watch knows of none', async () => {
    const { at, asked, read } = stage();
    at.seen = undefined;
    expect(await read()).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('is asked for again while the watch is behind what was read', async () => {
    const { at, asked, read } = stage();
    at.there = '2';
    expect(await read()).toMatchObject({ data: { password: '2' } });
    at.there = '3';
    expect(await read()).toMatchObject({ data: { password: '3' } });
    at.seen = '3';
    await read();
    expect(asked).toHaveLength(2);
  });

  it('that the server has just answered is not asked for', async () => {
    const { at, asked, values, read } = stage();
    values.put(kinds.secret, secret('2'));
    at.seen = at.there = '2';
    expect(await read()).toMatchObject({ data: { password: '2' } });
    expect(asked).toEqual([]);
  });

  it('is gone when the server has none any more, and is not kept', async () => {
    const { at, values, read } = stage();
    await read();
    values.forget(kinds.secret, key);
    at.there = undefined;
    expect(await read()).toBeUndefined();
  });
});
