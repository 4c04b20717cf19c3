/**
 * What is known of one kind of object: a copy of what the API server has, kept by a Reflector and read by everybody else. Reads cost no
 * request, and may be a moment behind; a controller that writes by them must be right all the same, which server-side apply is.
 */
import { type KubeObject, keyOf } from './object.ts';

/** What else objects are found by: the values of one object, such as the names of the Secrets it refers to. */
export type Indexer = (object: KubeObject) => readonly string[];

export class Store {
  readonly #objects = new Map<string, KubeObject>();
  readonly #indexers: Readonly<Record<string, Indexer>>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Readonly<Record<string, Indexer>> = {}) {
    this.#indexers = { owner: object => object.metadata.ownerReferences?.map(({ uid }) => uid) ?? [], ...indexers };
    for (const name of Object.keys(this.#indexers)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  /** @param key `namespace/name`, see `keyOf` */
  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  list(): KubeObject[] {
    return [...this.#objects.values()];
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** Objects that belong to the object with this uid. */
  byOwner(uid: string): KubeObject[] {
    return this.byIndex('owner', uid);
  }

  /** Objects for which the indexer of this name has given `value`. */
  byIndex(name: string, value: string): KubeObject[] {
    const keys = this.#indexes.get(name)?.get(value) ?? [];
    return [...keys].map(key => this.#objects.get(key)!);
  }

  /** For the Reflector. Returns what was there before. */
  put(object: KubeObject): KubeObject | undefined {
    const key = keyOf(object);
    const old = this.delete(key);
    this.#objects.set(key, object);
    this.#eachValue(object, values => values.add(key), true);
    return old;
  }

  /** For the Reflector. Returns what was there. */
  delete(key: string): KubeObject | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    this.#eachValue(old, keys => keys.delete(key), false);
    return old;
  }

  #eachValue(object: KubeObject, change: (keys: Set<string>) => void, make: boolean): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name)!;
      for (const value of indexer(object)) {
        const keys = index.get(value) ?? new Set();
        change(keys);
        if (make) index.set(value, keys);
        else if (keys.size === 0) index.delete(value);
      }
    }
  }
}
