/**
 * The session kits of a bridge (resources/session-kit.ts) are how it remembers where its sessions are. Before anything of a new document is
 * applied, its sessions are compared with those that the kit knows. What the new document does not take up gets a kit of its own,
 * and is drained once the bridge runs on the new document: nothing that is published meanwhile is without a subscriber.
 *
 * Each step may be the last one before the operator is killed. The old kit says what it said until its copy is there.
 */
import { parse } from 'yaml';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { completeDocument } from '../../api/complete.ts';
import { MkbError } from '../../api/errors.ts';
import { durationMs } from '../../api/units.ts';
import { kinds } from '../kinds.ts';
import type { Cluster } from '../observed/cluster.ts';
import { operatorName } from '../observed/observed-objects.ts';
import { documentKeys, lastGoodSpec } from '../resources/bridge-document.ts';
import { type Inherited, withInherited } from '../resources/customized.ts';
import { type SecretKey, secretKeysOf } from '../resources/document-secrets.ts';
import { type KitNote, kitNote } from '../resources/kit-note.ts';
import { bridgeName, kitName } from '../resources/names.ts';
import type { LeftSessions } from '../resources/pipeline.ts';
import {
  isSameSession,
  leftOrdinals,
  mayBeSameBroker,
  sessionIdentity,
  subscribedFilters,
} from '../resources/session-identity.ts';
import { type KitContent, kitNoteOf, kitObject, kitOwner, leftKitName, sessionKit } from '../resources/session-kit.ts';
import { hashOf, sameMeaning } from '../runtime/canonical.ts';
import { type KubeObject, keyText } from '../runtime/object.ts';

export interface SessionKits {
  /** Of the bridge as it is; undefined when none has been made yet. */
  readonly kit: KubeObject | undefined;
  readonly left: readonly LeftSessions[];
}

/** As they were observed. */
export function kitsOf(cluster: Cluster, resource: KubeObject): SessionKits {
  const { metadata } = resource;
  const secrets = cluster.of(kinds.secret);
  const kit = secrets.get({ namespace: metadata.namespace!, name: kitName(metadata.name) });
  if (kit === undefined || kitNote(kit) === undefined || kit.metadata.deletionTimestamp || isGoing(kit, resource))
    return { kit: undefined, left: [] };
  const here = secrets.byOwner(kit.metadata.uid!).filter(each => each.metadata.namespace === kit.metadata.namespace);
  return { kit, left: here.flatMap(asLeft) };
}

function asLeft(object: KubeObject): LeftSessions[] {
  const note = kitNote(object);
  return note?.left === undefined || object.metadata.deletionTimestamp ? [] : [{ kit: object.metadata.name, note }];
}

export interface KitWork {
  readonly cluster: Cluster;
  readonly resource: KubeObject;
  readonly signal: AbortSignal;
  /** Labels and annotations that a kit gets, as everything else of the bridge. */
  readonly inherited?: Inherited;
}

export interface Kept extends SessionKits {
  readonly oldFilters: readonly string[];
  /** How many sessions there may be, those that the bridge takes up again among them. */
  readonly sessions: number;
  /** Names of kits whose sessions it takes up again. */
  readonly over: readonly string[];
}

/** More than these are not handed over: the bridge finds those of MQTT 5 itself. */
const mostOldFilters = 500;
/** And not more of them than this, as JSON has them: the note of a kit is kept in memory, and one that is too long not at all. */
const oldFiltersLength = 32_768;

/**
 * Compares the sessions of the document that is to run with those that are known, and keeps what it leaves behind.
 *
 * @param sessions how many there may be
 * @param rolledOut whether every replica runs the document that the kit has, and so has given up what that named
 */
export async function keepSessions(
  work: KitWork,
  document: MqttKafkaBridge,
  sessions: number,
  rolledOut: boolean,
): Promise<Kept> {
  const { cluster, resource } = work;
  const known = kitsOf(cluster, resource);
  const kit = known.kit ?? (await firstKit(work));
  if (kit === undefined) return { kit, left: [], oldFilters: [], sessions, over: [] };
  const note = kitNote(kit)!;
  const now = sessionIdentity(document);
  // Whether the document may be carried out is decided by the kit, so it has to be observed first.
  if (!known.kit && !sameMeaning(note.identity, now)) throw behind(kit);
  const again = known.left.filter(each => isTakenUp(each.note, now));
  const left = known.left.filter(each => !again.includes(each));
  const old = note.identity;
  // Another address with the same client ids is refused, unless a person has said that it is the same broker.
  const goesOn = old && now && (isSameSession(old, now) || mayBeSameBroker(old, now));
  const ordinals = old && !goesOn ? leftOrdinals(old, now, sessions) : [];
  if (old && ordinals.length > 0) left.push(await leave(work, kit, { ...note, left: ordinals }));
  const takesUp = old !== undefined && now !== undefined && ordinals.length < sessions;
  return {
    kit,
    left,
    oldFilters: takesUp ? await oldFiltersOf(work, kit, document, rolledOut) : [],
    sessions: again.reduce((most, { note }) => Math.max(most, countOf(note)), sessions),
    over: again.map(each => each.kit),
  };
}

/** An operator that knew no kits has left a ConfigMap with what runs. */
async function firstKit(work: KitWork): Promise<KubeObject | undefined> {
  const { cluster, resource, signal } = work;
  const { namespace, name } = resource.metadata;
  const key = { namespace: namespace!, name: bridgeName(name) };
  if (cluster.of(kinds.configMap).get(key) === undefined) return undefined;
  const configMap = await cluster.client.get(kinds.configMap, key, { signal });
  const text = (configMap?.data as Readonly<Record<string, string>> | undefined)?.[documentKeys.runs];
  const spec = configMap && lastGoodSpec(configMap);
  if (text === undefined || spec === undefined) return undefined;
  const document = completeDocument({ ...resource, spec: parse(spec) });
  const running = completeDocument(parse(text));
  const secrets = secretKeysOf(running);
  const values = await readSecrets(work, secrets);
  const there = secrets.filter(secret => values(secret) !== undefined);
  const identity = sessionIdentity(document);
  const content = { running, document, identity, oldFilters: [], secrets: there, inputs: undefined };
  return await applyKit(
    work,
    sessionKit(content, secret => values(secret)!),
  );
}

/** How many replicas there were at least. */
const countOf = ({ left = [] }: Pick<KitNote, 'left'>): number => (left.at(-1) ?? 0) + 1;

/** Whether replicas of the bridge have these sessions again. */
const isTakenUp = ({ identity, left = [] }: KitNote, now: KitNote['identity']): boolean => {
  const free = new Set(leftOrdinals(identity!, now, countOf({ left })));
  return !left.some(ordinal => free.has(ordinal));
};

/** Copies the kit, as the server has it, under a name of its own. */
async function leave(work: KitWork, kit: KubeObject, note: KitNote): Promise<LeftSessions> {
  const { resource } = work;
  const data = await dataOf(work, kit);
  const name = leftKitName(resource.metadata.name, note.identity!);
  await applyKit(work, kitObject(resource.metadata, name, note, data, { ...kitOwner(kit), controller: true }));
  return { kit: name, note };
}

/**
 * Filters that the sessions may have and that the document does not name. What the kit's document named is given up by now if every replica ran
 * it; otherwise it is named again. It stays in the document until that changes anyway, as a document that changes rolls the bridge.
 */
async function oldFiltersOf(
  work: KitWork,
  kit: KubeObject,
  document: MqttKafkaBridge,
  rolledOut: boolean,
): Promise<readonly string[]> {
  const { oldFilters, filters } = kitNote(kit)!;
  const subscribed = subscribedFilters(document);
  if (filters === hashOf(subscribed)) return oldFilters;
  const wanted = new Set(subscribed);
  const before = subscribedFilters(documentOfKit(document, await dataOf(work, kit)));
  const old = [...before, ...(rolledOut ? [] : oldFilters)].filter(filter => !wanted.has(filter));
  let length = 0;
  const fits = (filter: string) => {
    length += Buffer.byteLength(JSON.stringify(filter)) + 1;
    return length <= oldFiltersLength;
  };
  return [...new Set(old)].slice(0, mostOldFilters).filter(fits);
}

/** The last good document that the data of a kit holds, of the bridge with this metadata. */
const documentOfKit = (resource: object, data: Readonly<Record<string, string>>): MqttKafkaBridge =>
  completeDocument({ ...resource, spec: parse(Buffer.from(data[documentKeys.spec] ?? '', 'base64').toString()) });

/**
 * What a kit holds.
 * @throws kube-cache-behind when it is another one by now: what was concluded from the one that was observed is wrong then
 */
async function dataOf({ cluster, signal }: KitWork, kit: KubeObject): Promise<Readonly<Record<string, string>>> {
  const found = await cluster.client.get(kinds.secret, kit.metadata, { signal });
  const isIt = found?.metadata.uid === kit.metadata.uid && kitNote(found!)?.content === kitNote(kit)!.content;
  if (!found || !isIt) throw behind(kit);
  return found.data as Readonly<Record<string, string>>;
}

const behind = ({ metadata }: KubeObject): MkbError =>
  new MkbError('kube-cache-behind', { object: `Secret ${keyText(metadata)}` });

/** The document of a bridge that has nothing but its kit left; undefined also where somebody has spoilt it, as a bridge must come to its end. */
export async function kitDocument(work: KitWork): Promise<MqttKafkaBridge | undefined> {
  const { kit } = kitsOf(work.cluster, work.resource);
  const data = kit && (await dataOf(work, kit));
  try {
    const document = data && documentOfKit(work.resource, data);
    return document && Number.isFinite(durationMs(document.spec.bridge.drainTimeout)) ? document : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes the kit be that of the document, if it is not.
 *
 * @param made Secrets that are made with it; those of people are read when the kit has to change
 */
export async function updateKit(
  work: KitWork,
  kit: KubeObject | undefined,
  content: KitContent,
  made: readonly KubeObject[],
): Promise<KubeObject> {
  if (kit && sameMeaning(kitNote(kit), kitNoteOf(content))) return kit;
  const own = new Map(made.map(({ metadata, data }) => [metadata.name, data as Readonly<Record<string, string>>]));
  const values = await readSecrets(
    work,
    content.secrets.filter(({ name }) => !own.has(name)),
  );
  return await applyKit(
    work,
    sessionKit(content, secret => own.get(secret.name)?.[secret.key] ?? values(secret) ?? ''),
  );
}

async function readSecrets(
  { cluster, resource, signal }: KitWork,
  secrets: readonly SecretKey[],
): Promise<(secret: SecretKey) => string | undefined> {
  const names = [...new Set(secrets.map(({ name }) => name))];
  const namespace = resource.metadata.namespace!;
  const read = await Promise.all(
    names.map(async name => [name, await cluster.client.get(kinds.secret, { namespace, name }, { signal })] as const),
  );
  const found = new Map(read);
  return ({ name, key }) => (found.get(name)?.data as Readonly<Record<string, string>> | undefined)?.[key];
}

/**
 * Lets the kit go with the bridge, which is about to go: by the garbage collector, so that it is gone whatever becomes of us, and not before the
 * bridge, which would need it again if the last write fails.
 */
export async function handOver({ cluster, resource, signal }: KitWork, kit: KubeObject): Promise<void> {
  const { apiVersion, kind, metadata } = resource;
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid!, controller: true };
  const patch = [{ op: 'add', path: '/metadata/ownerReferences', value: [owner] }] as const;
  try {
    await cluster.client.patch(kinds.secret, kit.metadata, [...patch], { signal });
  } catch (error) {
    if (!MkbError.is(error, 'kube-not-found')) throw error;
  }
}

/** Whether it goes with an earlier bridge of the same name. */
const isGoing = (kit: KubeObject, { metadata }: KubeObject): boolean =>
  kit.metadata.ownerReferences?.some(({ kind, uid }) => kind === kinds.bridge.kind && uid !== metadata.uid) ?? false;

/** @throws kube-object-taken for a Secret of somebody else that has its name, or one that an earlier bridge has left */
async function applyKit({ cluster, resource, signal, inherited }: KitWork, made: KubeObject): Promise<KubeObject> {
  const kit = inherited ? withInherited(inherited, made) : made;
  const { client } = cluster;
  const options = { fieldManager: operatorName, signal };
  const observed = cluster.of(kinds.secret).get(kit.metadata);
  if (observed === undefined) {
    try {
      return await client.apply(kinds.secret, kit, { ...options, onlyCreate: true });
    } catch (error) {
      if (!MkbError.is(error, 'kube-conflict')) throw error;
    }
  }
  const there = observed ?? (await client.get(kinds.secret, kit.metadata, { signal }));
  if (there && (kitNote(there) === undefined || isGoing(there, resource))) {
    throw new MkbError('kube-object-taken', { object: `Secret ${keyText(kit.metadata)}` });
  }
  return await client.apply(kinds.secret, kit, { ...options, force: true });
}

/** The same objects, of which those that a drain needs outlive the bridge with its kit. */
export const withKit = (objects: readonly KubeObject[], kit: KubeObject): KubeObject[] =>
  objects.map(object => {
    if (!drainNeeds.has(object.metadata.labels?.['app.kubernetes.io/component'] ?? '')) return object;
    const ownerReferences = [...(object.metadata.ownerReferences ?? []), kitOwner(kit)];
    return { ...object, metadata: { ...object.metadata, ownerReferences } };
  });

const drainNeeds: ReadonlySet<string> = new Set(['broker', 'drain']);
