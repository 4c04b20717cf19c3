/**
 * Makes a broker know the MqttUsers that name its bridge. The key is that of the bridge, so a thousand new users are one reconcile: their lines go
 * into one Secret, which the broker's Pod has mounted (resources/broker/mosquitto-users.ts).
 */
import { createHmac } from 'node:crypto';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import { brokerPods } from '../observed/bridge-pods.ts';
import type { Cluster } from '../observed/cluster.ts';
import { operatorName } from '../observed/observed-objects.ts';
import { brokerPorts } from '../resources/broker/address.ts';
import { userLinesKey } from '../resources/broker/mosquitto-users.ts';
import { everyTopic, passwordIn, userLine } from '../resources/broker/user-lines.ts';
import { takesMqttUsers } from '../resources/broker/users.ts';
import { annotations, labels } from '../resources/labels.ts';
import { brokerUsersSecretName } from '../resources/names.ts';
import { applyObject } from '../runtime/apply.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import type { EventText } from '../runtime/events.ts';
import { type KubeObject, keyParts } from '../runtime/object.ts';
import { ownerReference } from '../runtime/owner.ts';
import { takenNames } from './claims.ts';
import { inPortions } from './in-portions.ts';
import { passwordOf, seenVersion } from './passwords.ts';
import type { Refusal } from './reasons.ts';
import type { Logins, UserProofs } from './user-proofs.ts';
import { type Found, type Said, type Timing, tellUser, wasReady } from './user-status.ts';
import { type WatchedUser, watchedUser } from './watched-user.ts';

export interface UsersContext {
  readonly cluster: Cluster;
  /** What a bridge runs: null for nothing, undefined while its document is being checked. */
  readonly documentOf: (bridge: KubeObject, signal: AbortSignal) => Promise<MqttKafkaBridge | null | undefined>;
  readonly proofs: Pick<UserProofs, 'want' | 'of'>;
  readonly events: { record(regarding: KubeObject, event: EventText): void };
  readonly newPassword: () => string;
  readonly now: () => Date;
  readonly distributeMs: number;
  readonly resyncMs: number;
}

/** How long until the server is asked again for a Secret that it has refused, milliseconds. */
const againRefusedMs = 60_000;

/** Of one user, bytes. `${username}` in its topics makes more of them than its object has. */
const longestLine = 16_384;

/** What the API server takes of a Secret, less its other keys. */
const mostBytes = 1_000_000;

/** A line, by the uid of its user, with all that it was made of. */
type Lines = Map<string, { readonly of: string; readonly line: string }>;

export class BrokerUsers {
  readonly #context: UsersContext;
  /** By broker. */
  readonly #lines = new Map<string, Lines>();

  constructor(context: UsersContext) {
    this.#context = context;
  }

  /** @param key of the bridge @throws what the client throws */
  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { cluster, events, proofs, now, distributeMs, resyncMs } = this.#context;
    // What has not been read yet would be taken for deleted.
    await cluster.users.synced();
    const users = cluster.users.of(key).map(watchedUser);
    const bridge = await cluster.bridge(keyParts(key), { signal });
    if (bridge?.metadata.annotations?.[annotations.paused] === 'true') return undefined;
    const broker = await this.#brokerOf(bridge, signal);
    // The key comes again when the document has been checked.
    if (broker === undefined) return undefined;
    const found =
      'reason' in broker
        ? new Map(users.map(user => [user, { refusal: broker } as Found]))
        : await this.#write(key, bridge!, broker, users, signal);
    const pods = bridge ? brokerPods(cluster, bridge) : [];
    const ready = pods.find(pod => pod.ready && pod.ip !== undefined);
    const timing: Timing = {
      ...{ now: now(), distributeMs, pluginMissing: pods.some(pod => pod.withoutUsers) },
      brokerSince: ready && new Date(ready.metadata.creationTimestamp!),
    };
    const asks = ready !== undefined && !timing.pluginMissing && !('reason' in broker);
    const logins = asks ? this.#logins(key, found, ready.ip!, broker.encrypted) : new Map();
    proofs.want(key, logins);
    let againMs = resyncMs;
    let warnings = mostWarnings;
    await inPortions([...found], async ([user, each]) => {
      const answer = proofs.of(idOf(user, each));
      const said = await tellUser(cluster.client, user, { ...each, answer }, timing, signal).catch(ignoreGone);
      if (said === undefined) return;
      if (said.reason === 'Distributing' && said.leftMs > 0) againMs = Math.min(againMs, said.leftMs + 1000);
      if (said.reason === 'SecretRefused') againMs = Math.min(againMs, againRefusedMs);
      if (isNews(user, said) && warnings-- > 0)
        events.record(user.object, { type: 'Warning', reason: said.reason, action: 'Ready', message: said.message });
    });
    if (users.length === 0) this.#lines.delete(key);
    return users.length === 0 ? undefined : { requeueAfterMs: againMs };
  }

  /** Who of these has yet to show that the broker lets them in. */
  #logins(key: string, found: ReadonlyMap<WatchedUser, Found>, host: string, encrypted: boolean): Logins {
    const port = encrypted ? brokerPorts.mqtts : brokerPorts.mqtt;
    return new Map(
      [...found].flatMap(([user, each]) => {
        const line = each.revision === undefined ? undefined : this.#lines.get(key)?.get(user.metadata.uid!)?.line;
        if (line === undefined || wasReady(user, each.revision)) return [];
        const password = passwordIn(line);
        return [[idOf(user, each), { host, port, tls: encrypted, username: user.username, password }] as const];
      }),
    );
  }

  async #brokerOf(bridge: KubeObject | undefined, signal: AbortSignal): Promise<Broker | Refusal | undefined> {
    if (bridge === undefined || bridge.metadata.deletionTimestamp) return { reason: 'BridgeNotFound' };
    // What runs, and not what was written: a document that is refused must neither loosen what users may nor take anybody away.
    const document = await this.#context.documentOf(bridge, signal);
    if (document === undefined) return undefined;
    if (document === null) return { reason: 'BridgeInvalid' };
    const { mqtt, metadata } = document.spec;
    const { broker } = mqtt;
    if (broker === undefined) return { reason: 'NoManagedBroker' };
    if (!takesMqttUsers[broker.kind]) return { reason: 'BrokerNotSupported' };
    const { users, access, tls } = broker;
    return { users, ...(access && { access }), encrypted: tls !== undefined, labels: metadata?.labels ?? {} };
  }

  /** Puts the lines of all users that are right into the Secret. */
  async #write(
    key: string,
    bridge: KubeObject,
    broker: Broker,
    users: readonly WatchedUser[],
    signal: AbortSignal,
  ): Promise<Map<WatchedUser, Found>> {
    const { cluster } = this.#context;
    const secret = { namespace: bridge.metadata.namespace!, name: brokerUsersSecretName(bridge.metadata.name) };
    const before = await cluster.observed(kinds.secret, secret, { signal });
    if (before && !isOurs(before, bridge)) {
      const refusal: Refusal = { reason: 'SecretTaken', detail: `Secret ${secret.name} is somebody else's.` };
      return new Map(users.map(user => [user, { refusal }]));
    }
    const old = oldLines(before);
    const saltKey = textOf(before, saltKeyKey) ?? this.#context.newPassword();
    const taken = takenNames(users, broker);
    const lines: Lines = new Map();
    const found = new Map<WatchedUser, Found>();
    const each = async (user: WatchedUser) => {
      const refusal = taken.has(user)
        ? ({ reason: 'UsernameTaken', detail: `${user.username} is that of ${taken.get(user)}.` } as const)
        : refusedAcl(user, broker);
      const line = refusal ?? (await this.#line(key, user, broker, saltKey, lines, signal));
      if (typeof line === 'string') found.set(user, { revision: revisionOf(line, saltKey) });
      else found.set(user, kept(user, line, old, saltKey, lines));
    };
    try {
      await inPortions(users, each);
    } catch (error) {
      // So that the next look begins where this one ended.
      this.#lines.set(key, new Map([...(this.#lines.get(key) ?? []), ...lines]));
      throw error;
    }
    this.#lines.set(key, lines);
    const written = fitting(users, found, lines);
    if (before === undefined && written.length === 0) return found;
    const wanted = usersSecret(
      bridge,
      secret,
      { [userLinesKey]: written.join(''), [saltKeyKey]: saltKey },
      broker.labels,
    );
    const options = { fieldManager: operatorName, observed: before, onlyCreate: before === undefined, signal };
    const applied = await applyObject(cluster.client, kinds.secret, wanted, options);
    if (applied.object !== before) cluster.values.put(kinds.secret, applied.object);
    return found;
  }

  /** The line of a user; read from its Secret if anything of it has changed. */
  async #line(
    key: string,
    user: WatchedUser,
    broker: Broker,
    saltKey: string,
    lines: Lines,
    signal: AbortSignal,
  ): Promise<string | Refusal> {
    const { cluster, newPassword } = this.#context;
    const { uid } = user.metadata;
    const topics = user.spec.acls ?? (broker.access ? [] : everyTopic);
    const madeOf = (version: string | undefined) => hashOf([user.spec, user.username, topics, version, saltKey]);
    const known = this.#lines.get(key)?.get(uid!);
    const seen = seenVersion(cluster, user);
    if (known && seen !== undefined && known.of === madeOf(seen)) {
      lines.set(uid!, known);
      return known.line;
    }
    const password = await passwordOf(cluster, user, newPassword, signal);
    if ('reason' in password) return password;
    const line = `${userLine({ username: user.username, password: password.text, acls: topics }, saltKey)}\n`;
    if (Buffer.byteLength(line) > longestLine) return { reason: 'AclTooLong' };
    lines.set(uid!, { of: madeOf(password.version), line });
    return line;
  }
}

/** One whose password is missing goes on with the last, if it was in force under this name; one that may not be goes. */
function kept(
  user: WatchedUser,
  refusal: Refusal,
  old: ReadonlyMap<string, string>,
  saltKey: string,
  lines: Lines,
): Found {
  const line = old.get(user.username);
  const { revision } = user.status;
  const was = line !== undefined && revision !== undefined && revisionOf(line, saltKey) === revision;
  if (!was || !keeps.has(refusal.reason)) return { refusal };
  lines.set(user.metadata.uid!, { of: '', line });
  return { refusal, revision };
}

/** Anybody may read it in the status, and must not be able to try passwords with it. */
const revisionOf = (line: string, saltKey: string): string =>
  createHmac('sha256', saltKey).update(line).digest('base64url').slice(0, 22);

const keeps: ReadonlySet<string> = new Set(['PasswordNotFound', 'PasswordInvalid', 'SecretTaken', 'SecretRefused']);

/** Made up once: see `userLine`. */
const saltKeyKey = 'salt-key';

type Broker = Pick<NonNullable<MqttKafkaBridge['spec']['mqtt']['broker']>, 'users' | 'access'> & {
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it serves TLS. */
  readonly encrypted: boolean;
};

/** A user as the broker is to know it. */
const idOf = ({ metadata }: WatchedUser, { revision }: Found): string => `${metadata.uid} ${revision}`;

/** How things begin. */
const ordinary: ReadonlySet<string> = new Set(['InForce', 'Distributing', 'BrokerNotReady', 'BridgeNotFound']);

/** Of all users of a broker at once, so many get an event. */
const mostWarnings = 20;

const isNews = ({ status }: WatchedUser, { reason }: Said): boolean =>
  !ordinary.has(reason) &&
  !status.conditions?.some(condition => condition.type === 'Ready' && condition.reason === reason);

/** What rules take for true is what `access` lets clients publish, and nothing more. */
function refusedAcl({ spec }: WatchedUser, { access }: Broker): Refusal | undefined {
  const entry = access && spec.acls?.find(each => each.permission === 'allow' && each.action !== 'subscribe');
  return entry && { reason: 'AclNotAllowed', detail: `It allows the user to publish to ${entry.topic}.` };
}

/** Whether it was made for this bridge, or for an earlier one of its name. */
const isOurs = ({ metadata }: KubeObject, bridge: KubeObject): boolean =>
  metadata.labels?.['app.kubernetes.io/managed-by'] === operatorName &&
  metadata.labels['app.kubernetes.io/instance'] === bridge.metadata.name;

function textOf(secret: KubeObject | undefined, key: string): string | undefined {
  const value = (secret?.data as Readonly<Record<string, string>> | undefined)?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

const oldLines = (secret: KubeObject | undefined): Map<string, string> =>
  new Map(
    (textOf(secret, userLinesKey) ?? '')
      .split('\n')
      .filter(line => line !== '')
      .map(line => [line.slice(0, line.indexOf('\t')), `${line}\n`]),
  );

/** Lines in the order of names, as many as a Secret holds; those of users that the broker knows first. */
function fitting(users: readonly WatchedUser[], found: Map<WatchedUser, Found>, lines: Lines): string[] {
  let bytes = 0;
  const fit: string[] = [];
  const known = ({ status }: WatchedUser) => Number(status.revision === undefined);
  for (const user of [...users].sort((a, b) => known(a) - known(b) || (a.username < b.username ? -1 : 1))) {
    const line = found.get(user)?.revision === undefined ? undefined : lines.get(user.metadata.uid!)?.line;
    if (line === undefined) continue;
    bytes += Buffer.byteLength(line);
    if (bytes <= mostBytes) fit.push(line);
    else found.set(user, { refusal: { reason: 'BrokerFull' } });
  }
  return fit.sort();
}

/** It goes with the bridge, which does not manage it: what the bridge manages is taken away when its document does not ask for it. */
const usersSecret = (
  bridge: KubeObject,
  key: { readonly namespace: string; readonly name: string },
  texts: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    ...key,
    labels: { ...own, ...labels(bridge.metadata.name, 'broker') },
    ownerReferences: [{ ...ownerReference(bridge), controller: false, blockOwnerDeletion: false }],
  },
  type: 'Opaque',
  data: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')])),
});

/** Nobody is left who could read it. */
function ignoreGone(error: unknown): undefined {
  if (!MkbError.is(error, 'kube-not-found') && !MkbError.is(error, 'kube-conflict')) throw error;
}
