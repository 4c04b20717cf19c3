import { describe, expect, it } from 'vitest';
import { referencesOf } from '../../../operator/observed/references.ts';
import { missingText, readInputs } from '../../../operator/reconcile/inputs.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { documentIn } from '../support/resources.ts';

const secret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });
const mqtt = { url: 'mqtt://a', auth: { username: 'u', password: secret('mqtt', 'password') } };

describe('references', () => {
  it('are the Secrets that the document names, each once with the keys that are read', () => {
    const kafka = {
      bootstrapServers: ['a:9092'],
      auth: { mechanism: 'plain', username: 'u', password: secret('mqtt', 'kafka') },
    };
    expect(referencesOf(documentIn({ mqtt, kafka }))).toEqual([
      { kind: 'Secret', name: 'mqtt', keys: ['kafka', 'password'], needed: ['kafka', 'password'], required: true },
    ]);
  });

  it('are the certificate of a broker that the operator runs', () => {
    const broker = { kind: 'mosquitto', tls: { secretName: 'cert' } };
    expect(referencesOf(documentIn({ mqtt: { broker } }))).toMatchObject([
      { name: 'cert', keys: ['tls.crt', 'tls.key'] },
    ]);
  });

  it('are everything that a podTemplate names, in whichever way', () => {
    const podTemplate = {
      spec: {
        containers: [
          {
            name: 'bridge',
            env: [
              { name: 'A', valueFrom: { secretKeyRef: { name: 'env', key: 'a' } } },
              { name: 'B', valueFrom: { configMapKeyRef: { name: 'settings', key: 'b', optional: true } } },
            ],
            envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'all' } }],
          },
        ],
        volumes: [
          { name: 'v', secret: { secretName: 'volume', items: [{ key: 'x', path: 'x' }] } },
          { name: 'w', configMap: { name: 'files', optional: true } },
          { name: 'p', projected: { sources: [{ secret: { name: 'projected' } }] } },
        ],
      },
    };
    const named = referencesOf(documentIn({ bridge: { podTemplate } }));
    expect(named.map(({ kind, name, keys, required }) => [kind, name, keys, required])).toEqual([
      ['ConfigMap', 'all', undefined, true],
      ['ConfigMap', 'files', undefined, false],
      ['ConfigMap', 'settings', ['b'], false],
      ['Secret', 'all', undefined, true],
      ['Secret', 'env', ['a'], true],
      ['Secret', 'projected', undefined, true],
      ['Secret', 'volume', ['x'], true],
    ]);
  });

  it('are not the Secret that the operator makes of texts in the document', () => {
    const sealed = {
      url: 'mqtt://a',
      auth: { username: 'u', password: secret('cars-document', 'mqtt.auth.password') },
    };
    expect(referencesOf(documentIn({ mqtt: sealed }))).toEqual([]);
  });
});

describe('inputs', () => {
  const inputs = (data: Record<string, string> | undefined) =>
    readInputs(documentIn({ mqtt }), async (kind, { namespace, name }) =>
      data && kind.kind === 'Secret' && namespace === 'shop' && name === 'mqtt'
        ? ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data } as KubeObject)
        : undefined,
    );

  it('have another hash when a key that is read changes, and the same when any other does', async () => {
    const hash = (await inputs({ password: 'a' })).hashes['Secret/mqtt'];
    expect((await inputs({ password: 'a', other: 'b' })).hashes['Secret/mqtt']).toBe(hash);
    expect((await inputs({ password: 'b' })).hashes['Secret/mqtt']).not.toBe(hash);
  });

  it('name what is missing: the Secret, or the key', async () => {
    expect((await inputs(undefined)).missing.map(missingText)).toEqual(['Secret mqtt']);
    expect((await inputs({ other: 'b' })).missing.map(missingText)).toEqual(['key "password" of Secret mqtt']);
    expect((await inputs({ password: 'a' })).missing).toEqual([]);
  });
});
