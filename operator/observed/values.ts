/**
 * What Secrets and ConfigMaps hold. Of all that a cluster has only the metadata is watched, since anyone may fill a namespace with megabytes of them. Those
 * that a bridge reads, and its own, are asked for one by one, each once for each of its versions; what is beyond the share of its namespace, each time.
 */
import type { ApiClient, CallOptions } from '../runtime/client.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import { type KubeObject, keyText, type ObjectKey } from '../runtime/object.ts';
import { NamespaceBudget } from './namespace-budget.ts';

export interface ValuesOptions {
  readonly client: Pick<ApiClient, 'get'>;
  /** What the watch knows of an object. */
  readonly seen: (kind: ResourceKind, key: ObjectKey) => KubeObject | undefined;
  /** What is kept of it. */
  readonly keep: (kind: ResourceKind, object: KubeObject) => KubeObject;
  /** Characters, as JSON, of what is kept of a namespace. */
  readonly mostOfNamespace?: number;
}

/** More than two hundred bridges have. */
const mostOfNamespace = 8 * 2 ** 20;
const mostOfAll = 32 * 2 ** 20;

export class Values {
  readonly #options: ValuesOptions;
  readonly #kept = new Map<string, KubeObject>();
  readonly #budget: NamespaceBudget;

  constructor(options: ValuesOptions) {
    this.#options = options;
    this.#budget = new NamespaceBudget(options.mostOfNamespace ?? mostOfNamespace, mostOfAll);
  }

  /** The object as it is now, or as it was a moment ago; undefined when the watch knows of none. @throws what the client throws */
  async read(kind: ResourceKind, key: ObjectKey, options: CallOptions): Promise<KubeObject | undefined> {
    const seen = this.#options.seen(kind, key);
    if (seen === undefined) return undefined;
    const id = idOf(kind, key);
    const kept = this.#kept.get(id);
    if (kept?.metadata.resourceVersion === seen.metadata.resourceVersion) return kept;
    const found = await this.#options.client.get(kind, key, options);
    return found && this.put(kind, found);
  }

  /** The object as the server has just answered. Returns what is kept of it. */
  put(kind: ResourceKind, object: KubeObject): KubeObject {
    const { managedFields: _, ...metadata } = object.metadata;
    const kept = this.#options.keep(kind, { ...object, metadata });
    const id = idOf(kind, object.metadata);
    if (this.#budget.take(object.metadata.namespace ?? '', id, JSON.stringify(kept).length)) this.#kept.set(id, kept);
    else this.#kept.delete(id);
    return kept;
  }

  /** There is none any more. */
  forget(kind: ResourceKind, key: ObjectKey): void {
    const id = idOf(kind, key);
    this.#kept.delete(id);
    this.#budget.forget(key.namespace ?? '', id);
  }
}

const idOf = ({ kind }: ResourceKind, key: ObjectKey): string => `${kind}/${keyText(key)}`;
