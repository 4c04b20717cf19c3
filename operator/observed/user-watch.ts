/** The MqttUsers of each broker, and which broker is to be looked at when one of them, or its Secret, changes. Clusters with an older installation serve none. */
import { kinds } from '../kinds.ts';
import { brokerUsersSecretName } from '../resources/names.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { ApiClient } from '../runtime/client.ts';
import { type KubeObject, keyParts } from '../runtime/object.ts';
import type { Change } from '../runtime/reflector.ts';
import { bridgeKeyOf } from '../users/watched-user.ts';
import { WatchedKind, type WatchedKindOptions } from './watched-kind.ts';

export class UserWatch {
  readonly #watched: WatchedKind;
  readonly #onChange: (key: string) => void;

  /** @param onChange called with the key of the bridge */
  constructor(client: ApiClient, options: Omit<WatchedKindOptions, 'onChange'>, onChange: (key: string) => void) {
    this.#onChange = onChange;
    this.#watched = new WatchedKind(client, kinds.user, {
      ...options,
      transform: observedUser,
      indexers: { bridge: user => [bridgeKeyOf(user)], secret: user => secretsOf(user) },
      onChange: change => this.#changed(change),
    });
  }

  /** Runs until the signal is aborted, from when the kind is served. */
  run(signal: AbortSignal): Promise<void> {
    return this.#watched.runWhenServed(signal);
  }

  /** Settles when all have been read. Without the kind there is nobody who waits. */
  synced(): Promise<void> {
    return this.#watched.synced();
  }

  list(): KubeObject[] {
    return this.#watched.list();
  }

  /** Those that name this bridge, but for those that are being deleted. */
  of(key: string): KubeObject[] {
    return this.#watched.byIndex('bridge', key).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Something of the bridge has changed. */
  bridgeChanged(key: string): void {
    if (this.#watched.byIndex('bridge', key).length > 0) this.#onChange(key);
  }

  /** A Secret has: of one user, or of all that a broker has. */
  secretChanged(namespace: string, name: string): void {
    const users = this.#watched.byIndex('secret', `${namespace}/${name}`);
    for (const key of new Set(users.map(bridgeKeyOf))) this.#onChange(key);
  }

  /** The status is ours. */
  #changed({ type, object, old }: Change): void {
    if (type === 'modified' && old && besidesStatus(object) === besidesStatus(old)) return;
    for (const key of new Set([object, ...(old ? [old] : [])].map(bridgeKeyOf))) this.#onChange(key);
  }
}

/** What is asked of one. Its annotations may be a quarter of a megabyte, and of nobody's use here. */
export function observedUser({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = metadata;
  const kept = { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp };
  return { apiVersion, kind, metadata: kept as KubeObject['metadata'], spec, status };
}

const besidesStatus = ({ metadata }: KubeObject): string =>
  hashOf([metadata.uid, metadata.generation, metadata.deletionTimestamp]);

function secretsOf(user: KubeObject): string[] {
  const { namespace, name } = user.metadata;
  const { passwordFrom } = (user.spec ?? {}) as { passwordFrom?: { secretKeyRef?: { name?: string } } };
  const own = passwordFrom?.secretKeyRef?.name ?? name;
  return [`${namespace}/${own}`, `${namespace}/${brokerUsersSecretName(keyParts(bridgeKeyOf(user)).name)}`];
}
