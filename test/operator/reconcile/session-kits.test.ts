/** A bridge that has nothing but its kit left, which whoever may write Secrets may have changed. */
import { expect, it } from 'vitest';
import type { Cluster } from '../../../operator/observed/cluster.ts';
import { kitDocument } from '../../../operator/reconcile/session-kits.ts';
import { noteAnnotation } from '../../../operator/resources/kit-note.ts';
import { resourceOf } from '../support/resources.ts';

const note = { files: {}, oldFilters: [], filters: '', groupId: 'g', topics: [], content: '' };
const spec = `
mqtt: { url: mqtt://a }
kafka: { bootstrapServers: [k:9092] }
rules: [{ name: r, sql: SELECT payload FROM "a", sinks: [{ kafka: { topic: t } }] }]
`;

async function documentOf(text: string) {
  const kit = {
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: { name: 'cars-sessions', uid: 'u', annotations: { [noteAnnotation]: JSON.stringify(note) } },
    data: { 'spec.yaml': Buffer.from(text).toString('base64') },
  };
  const cluster = {
    of: () => ({ get: () => kit, byOwner: () => [] }),
    client: { get: async () => kit },
  } as unknown as Cluster;
  const resource = resourceOf({ mqtt: { url: 'mqtt://a' } });
  return await kitDocument({ cluster, resource, signal: new AbortController().signal });
}

it('is drained by the document of its kit', async () => {
  expect((await documentOf(spec))?.spec.mqtt.url).toBe('mqtt://a');
});

// Each look failed, so that the bridge and its namespace were never gone.
it.each([
  ['no YAML', '{'],
  ['nothing', ''],
  ['a text', 'text'],
  ['a list', '[]'],
  ['a time that is none', `${spec}bridge: { drainTimeout: [] }`],
])('has no document when that is spoilt: %s', async (_, text) => {
  expect(await documentOf(text)).toBeUndefined();
});
