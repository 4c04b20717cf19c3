/** Which bridge is looked at when something changes: by watches of which a test decides what they tell. */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kinds, optionalKinds, ownedKinds } from '../../../operator/kinds.ts';
import { Cluster } from '../../../operator/observed/cluster.ts';
import { managedBy, operatorName } from '../../../operator/observed/observed-objects.ts';
import { ApiClient } from '../../../operator/runtime/client.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { ownerReference } from '../../../operator/runtime/owner.ts';
import { until } from '../../real/until.ts';
import { quietLog } from '../support/quiet-log.ts';
import { resourceOf } from '../support/resources.ts';
import { events, json, page, type ScriptedApi, startScriptedApi, status, watch } from '../support/scripted-api.ts';

const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
const bridge = (spec: Parameters<typeof resourceOf>[0] = {}, more: object = {}): KubeObject =>
  resourceOf({ mqtt: { url: 'mqtt://a', auth: { username: 'u', password } }, ...spec }, more);

let api: ScriptedApi;
let cluster: Cluster;
let stopping: AbortController;
let ended: Promise<void>;
let version: number;
/** What is to be looked at, `live shop/cars`. */
let told: string[];
const watches = new Map<string, ServerResponse>();

const silent = watch('', 'silent');

/** What the server has at the start, by the plural of its kind. */
async function start(there: Readonly<Record<string, readonly KubeObject[]>> = { mqttkafkabridges: [bridge()] }) {
  told = [];
  version = 100;
  watches.clear();
  api = await startScriptedApi((response, asked) => {
    const plural = asked.path.split('/').at(-1)!;
    if (asked.query.watch) {
      silent(response, asked);
      watches.set(plural, response);
    } else if (/^\/apis\/[^/]+\/v[^/]+$/.test(asked.path)) {
      const found = there[asked.path];
      (found ? json(200, { resources: found }) : status(404))(response, asked);
    } else page(50, there[plural] ?? [])(response, asked);
  });
  cluster = new Cluster(new ApiClient(api.config), {
    namespaces: [],
    log: quietLog(),
    onChange: (key, priority) => told.push(`${priority} ${key}`),
  });
  stopping = new AbortController();
  ended = cluster.run(stopping.signal);
  await cluster.synced();
  await until('all watches', () => watches.size >= ownedKinds.length + 2);
}

afterEach(async () => {
  stopping.abort();
  await ended;
  cluster.client.close();
  await api.stop();
});

/** Lets a watch tell a change, and waits until it is known. */
async function tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', kind: ResourceKind, object: KubeObject): Promise<void> {
  const changed = { ...object, metadata: { ...object.metadata, resourceVersion: `${++version}` } };
  watches.get(kind.plural)!.write(events([type, changed]));
  const watched = kind === kinds.bridge ? cluster.bridges : kind === kinds.pod ? cluster.pods : cluster.of(kind);
  await until('the change', () => {
    const known = watched.get(object.metadata);
    return type === 'DELETED' ? !known : known?.metadata.resourceVersion === `${version}`;
  });
}

const made = (kind: ResourceKind, name: string, owner: KubeObject | undefined = bridge()): KubeObject => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    labels: { [managedBy]: operatorName },
    ownerReferences: owner && [ownerReference(owner)],
  },
});
const { metadata } = bridge();

describe('at the start', () => {
  it('every bridge is looked at once everything is known, and behind what changes', async () => {
    await start({ mqttkafkabridges: [bridge(), bridge({}, { metadata: { ...metadata, name: 'boats', uid: 'b' } })] });
    expect([...told].sort()).toEqual(['resync shop/boats', 'resync shop/cars']);
  });

  it('only what the operator has made is read, but for what people make and Pods read', async () => {
    await start();
    const selectors = Object.fromEntries(
      api.asked
        .filter(({ query }) => query.watch)
        .map(({ path, query }) => [path.split('/').at(-1), query.labelSelector ?? query.fieldSelector ?? 'all']),
    );
    const own = `${managedBy}=${operatorName}`;
    expect(selectors).toMatchObject({ statefulsets: own, deployments: own, jobs: own, services: own });
    expect(selectors).toMatchObject({
      secrets: 'type!=helm.sh/release.v1',
      configmaps: 'all',
      mqttkafkabridges: 'all',
    });
  });
});

describe('a bridge is looked at when', () => {
  beforeEach(async () => {
    await start();
    told = [];
  });

  it('its document changes, and not when its status does', async () => {
    await tell('MODIFIED', kinds.bridge, bridge({}, { status: { phase: 'a' } }));
    expect(told).toEqual([]);
    await tell('MODIFIED', kinds.bridge, bridge({}, { metadata: { ...metadata, generation: 4 } }));
    expect(told).toEqual(['live shop/cars']);
  });

  it('it is annotated, made again under its name, or deleted', async () => {
    await tell('MODIFIED', kinds.bridge, bridge({}, { metadata: { ...metadata, annotations: { a: 'b' } } }));
    await tell('MODIFIED', kinds.bridge, bridge({}, { metadata: { ...metadata, uid: 'another' } }));
    await tell('DELETED', kinds.bridge, bridge());
    expect(told).toEqual(Array(3).fill('live shop/cars'));
  });

  it('anything of its own comes, changes or goes', async () => {
    for (const kind of ownedKinds) {
      for (const type of ['ADDED', 'MODIFIED', 'DELETED'] as const) {
        told = [];
        await tell(type, kind, made(kind, 'cars-x'));
        expect([kind.kind, type, told]).toEqual([kind.kind, type, ['live shop/cars']]);
      }
    }
  });

  it('somebody takes its owner reference away from something', async () => {
    await tell('ADDED', kinds.service, made(kinds.service, 'cars-x'));
    told = [];
    const orphan = made(kinds.service, 'cars-x');
    await tell('MODIFIED', kinds.service, { ...orphan, metadata: { ...orphan.metadata, ownerReferences: [] } });
    expect(told).toEqual(['live shop/cars']);
    await tell('MODIFIED', kinds.service, { ...orphan, metadata: { ...orphan.metadata, ownerReferences: [] } });
    expect(told).toEqual(['live shop/cars']);
  });

  it('a Secret that it refers to changes, and not when another does', async () => {
    const secret = (name: string, namespace = 'shop') => {
      const object = made(kinds.secret, name, undefined);
      return { ...object, metadata: { ...object.metadata, namespace, labels: {}, ownerReferences: [] } };
    };
    await tell('ADDED', kinds.secret, secret('other'));
    await tell('ADDED', kinds.secret, secret('mqtt', 'elsewhere'));
    expect(told).toEqual([]);
    await tell('ADDED', kinds.secret, secret('mqtt'));
    expect(told).toEqual(['live shop/cars']);
  });

  it('a Secret changes that it refers to only since its document has changed', async () => {
    const auth = { username: 'u', password: { valueFrom: { secretKeyRef: { name: 'new', key: 'password' } } } };
    const changed = { ...metadata, generation: 4 };
    await tell('MODIFIED', kinds.bridge, bridge({ mqtt: { url: 'mqtt://a', auth } }, { metadata: changed }));
    told = [];
    await tell('ADDED', kinds.secret, { ...made(kinds.secret, 'mqtt'), metadata: { name: 'mqtt', namespace: 'shop' } });
    expect(told).toEqual([]);
    await tell('ADDED', kinds.secret, { ...made(kinds.secret, 'new'), metadata: { name: 'new', namespace: 'shop' } });
    expect(told).toEqual(['live shop/cars']);
  });

  it('a Pod of its changes', async () => {
    const labels = { 'app.kubernetes.io/name': 'mqtt-kafka-kit', 'app.kubernetes.io/instance': 'cars' };
    await tell('ADDED', kinds.pod, { ...made(kinds.pod, 'p'), metadata: { name: 'p', namespace: 'shop', labels } });
    expect(told).toEqual(['live shop/cars']);
  });

  it('is not, for what belongs to something else of its name', async () => {
    const other = { ...bridge(), apiVersion: 'example.com/v1' };
    await tell('ADDED', kinds.configMap, made(kinds.configMap, 'x', other));
    expect(told).toEqual([]);
  });
});

describe('what was made for a bridge', () => {
  it('is found by its uid, of all kinds, and not what only names it among its owners', async () => {
    await start();
    await tell('ADDED', kinds.service, made(kinds.service, 'cars-a'));
    await tell('ADDED', kinds.secret, made(kinds.secret, 'cars-b'));
    const { controller: _, ...bystander } = ownerReference(bridge());
    const theirs = made(kinds.configMap, 'theirs');
    await tell('ADDED', kinds.configMap, { ...theirs, metadata: { ...theirs.metadata, ownerReferences: [bystander] } });
    expect(
      cluster
        .madeFor(bridge())
        .map(object => object.metadata.name)
        .sort(),
    ).toEqual(['cars-a', 'cars-b']);
    expect(cluster.madeFor(bridge({}, { metadata: { ...metadata, uid: 'uid-other' } }))).toEqual([]);
    const service = await cluster.observed(kinds.service, { namespace: 'shop', name: 'cars-a' }, {});
    expect(service?.metadata.name).toBe('cars-a');
  });
});

// With our label, a bridge as its owner and a megabyte in each, some hundred Services took all the memory that the operator has.
it('an object that is larger than any of ours is known by its metadata, and asked for when it matters', async () => {
  const large = made(kinds.service, 'cars-a') as KubeObject & { spec?: object };
  const there = { ...large, spec: { selector: { x: 'y'.repeat(600_000) } } };
  await start({ mqttkafkabridges: [bridge()], 'cars-a': [there] });
  await tell('ADDED', kinds.service, there);
  const [seen] = cluster.madeFor(bridge());
  expect(JSON.stringify(seen).length).toBeLessThan(1000);
  expect(seen!.metadata).toMatchObject({ name: 'cars-a', namespace: 'shop' });
  const asked = api.asked.length;
  await cluster.observed(kinds.service, { namespace: 'shop', name: 'cars-a' }, {});
  expect(api.asked.slice(asked).map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/services/cars-a']);
});

// A tenant made a Secret with the name of a broker's passwords in a namespace of its own, and named another team's bridge as its owner: the password in it became theirs.
it('nothing of another namespace was made for a bridge, whoever it names as its owner', async () => {
  await start();
  for (const kind of [kinds.secret, kinds.configMap, kinds.job, kinds.statefulSet, kinds.service]) {
    const forged = made(kind, 'cars-broker-user');
    await tell('ADDED', kind, { ...forged, metadata: { ...forged.metadata, namespace: 'writer' } });
  }
  expect(cluster.madeFor(bridge())).toEqual([]);
  const same = { ...made(kinds.service, 'cars-broker-user'), apiVersion: 'v1' };
  expect(cluster.wasMade(same)).toBe(false);
});

describe('what a cluster serves besides', () => {
  it('has the routes of the Gateway API that its version has', async () => {
    await start({ '/apis/gateway.networking.k8s.io/v1': [{ name: 'gateways' }, { name: 'tlsroutes' }] } as never);
    expect((await cluster.apis()).routes).toEqual(['TLSRoute']);
  });

  it('is asked once for all who want to know', async () => {
    await start({
      '/apis/monitoring.coreos.com/v1': optionalKinds.map(({ plural }) => ({ name: plural })),
      '/apis/kafka.strimzi.io/v1beta2': [{ name: 'kafkatopics' }],
    } as never);
    const asked = () => api.asked.filter(({ path }) => path.startsWith('/apis/kafka.strimzi.io')).length;
    const all = await Promise.all([cluster.apis(), cluster.apis(), cluster.apis()]);
    expect(all[2]).toEqual({ prometheusOperator: true, routes: [], strimzi: 'v1beta2' });
    expect(asked()).toBe(2);
  });

  it('is nothing where nothing is', async () => {
    await start();
    expect(await cluster.apis()).toEqual({ prometheusOperator: false, routes: [], strimzi: undefined });
  });
});
