/** One kind of object in all the namespaces that the operator works in: a watch of the whole cluster, or one of each namespace. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../runtime/client.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import { type KubeObject, keyText, type ObjectKey } from '../runtime/object.ts';
import { Reflector, type ReflectorOptions } from '../runtime/reflector.ts';

export interface WatchedKindOptions extends Omit<ReflectorOptions, 'namespace'> {
  /** All when it is empty. */
  readonly namespaces: readonly string[];
  /** How long it is between two looks whether a kind is served by now, milliseconds. */
  readonly discoveryMs?: number;
}

export class WatchedKind {
  readonly kind: ResourceKind;
  readonly #client: ApiClient;
  readonly #options: WatchedKindOptions;
  readonly #reflectors: ReadonlyMap<string, Reflector>;
  #served = false;

  constructor(client: ApiClient, kind: ResourceKind, options: WatchedKindOptions) {
    const { namespaces, discoveryMs: _, ...rest } = options;
    this.kind = kind;
    this.#client = client;
    this.#options = options;
    const scopes = namespaces.length > 0 ? namespaces : [''];
    this.#reflectors = new Map(
      scopes.map(namespace => [namespace, new Reflector(client, kind, { ...rest, ...(namespace && { namespace }) })]),
    );
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map(reflector => reflector.run(signal)));
  }

  /** The same for a kind that not every cluster serves: begins when it is served. */
  async runWhenServed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#served = await this.#isServed(signal);
      if (this.#served) return this.run(signal);
      await pause(this.#options.discoveryMs ?? 60_000, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #isServed(signal: AbortSignal): Promise<boolean> {
    try {
      const plurals = await this.#client.discover(this.kind.apiVersion, { signal });
      return plurals?.has(this.kind.plural) ?? false;
    } catch (error) {
      if (!signal.aborted)
        this.#options.log.warn({ kind: this.kind.kind, err: error }, 'discovery failed; it is retried');
      return false;
    }
  }

  /** Whether an optional kind is watched: the cluster serves it. */
  get served(): boolean {
    return this.#served;
  }

  /** Settles when everything that there is has been read. */
  async synced(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map(reflector => reflector.synced));
  }

  /** Whether objects of this namespace are known. */
  covers(namespace: string): boolean {
    return this.#reflectors.has('') || this.#reflectors.has(namespace);
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#reflectorOf(key.namespace ?? '')?.store.get(keyText(key));
  }

  list(): KubeObject[] {
    return [...this.#reflectors.values()].flatMap(({ store }) => store.list());
  }

  byIndex(name: string, value: string): KubeObject[] {
    return [...this.#reflectors.values()].flatMap(({ store }) => store.byIndex(name, value));
  }

  byOwner(uid: string): KubeObject[] {
    return this.byIndex('owner', uid);
  }

  #reflectorOf(namespace: string): Reflector | undefined {
    return this.#reflectors.get('') ?? this.#reflectors.get(namespace);
  }
}
