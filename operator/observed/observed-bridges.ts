/**
 * What is kept in memory of the bridge resources. A document may be a megabyte, and anyone with a namespace may write any number of them; so each
 * namespace has a share of memory, as for what the operator makes (`OwnObjects`). Of a document that is larger than any that can run, or that is beyond
 * the share of its namespace, only the metadata and the status are kept: it is read when its bridge is looked at, which costs a request and no memory.
 */
import { completeDocument } from '../../api/complete.ts';
import { excessOf } from '../../api/limits.ts';
import type { BridgeStatus } from '../../api/schema/status.ts';
import type { KubeObject, ObjectMeta } from '../runtime/object.ts';
import { NamespaceBudget } from './namespace-budget.ts';
import { isPartial, type PartialObject } from './observed-objects.ts';
import { referencesOf } from './references.ts';

/** Bytes, about, of the documents of a namespace, which is more than two hundred bridges have; and of all. */
const mostOfNamespace = 4 * 2 ** 20;
const mostOfAll = 24 * 2 ** 20;
/** What a value costs besides its text. */
const bytesOfValue = 40;
/** Characters of what is kept of a partial one: of its labels and annotations, of its status, and of what it refers to. */
const longestPart = 16_384;

/** A bridge of which only this is kept. */
interface PartialBridge extends PartialObject {
  /** What it refers to, as in the index; of one that names thousands of Secrets, the first. */
  readonly refers: readonly string[];
}

export class ObservedBridges {
  readonly #budget: NamespaceBudget;

  constructor(most = mostOfNamespace) {
    this.#budget = new NamespaceBudget(most, mostOfAll);
  }

  /** The resource, or what is kept of it. */
  observed(resource: KubeObject): KubeObject {
    const { namespace = '', name } = resource.metadata;
    const excess = excessOf(resource.spec) ?? excessOf(resource.status);
    if (!excess && this.#budget.take(namespace, name, weightOf(resource))) return resource;
    this.forget(resource);
    return partialOf(resource, excess === undefined);
  }

  /** It is gone. */
  forget({ metadata: { namespace = '', name } }: KubeObject): void {
    this.#budget.forget(namespace, name);
  }
}

/** How much memory it takes, about. */
function weightOf(resource: KubeObject): number {
  let values = 0;
  const text = JSON.stringify(resource, (_, value: unknown) => {
    values++;
    return value;
  });
  return text.length + values * bytesOfValue;
}

function partialOf({ apiVersion, kind, metadata, spec, status }: KubeObject, canRun: boolean): PartialBridge {
  const { labels, annotations, ownerReferences: _, ...rest } = metadata;
  const texts = fits({ labels, annotations }) ? { labels, annotations } : {};
  const { sessions } = (status ?? {}) as BridgeStatus;
  return {
    ...{ apiVersion, kind, partial: true },
    metadata: { ...rest, ...texts } as ObjectMeta,
    status: fits(status) ? status : { sessions },
    refers: canRun ? first(referredKeys({ apiVersion, kind, metadata, spec })) : [],
  };
}

const fits = (part: unknown): boolean =>
  excessOf(part) === undefined && JSON.stringify(part ?? null).length <= longestPart;

/** As many as fit. */
function first(keys: readonly string[]): string[] {
  let left = longestPart;
  return keys.filter(key => {
    left -= key.length;
    return left >= 0;
  });
}

/** For the index of what bridges refer to: `Secret/namespace/name` of everything; of a document whose shape is wrong, nothing. */
export function referredKeys(resource: KubeObject): readonly string[] {
  if (isPartial(resource)) return (resource as PartialBridge).refers;
  const namespace = resource.metadata.namespace!;
  try {
    const document = completeDocument(resource);
    const names = referencesOf(document).map(({ kind, name }) => `${kind}/${namespace}/${name}`);
    const { clusterRef } = document.spec.kafka;
    if (!clusterRef) return names;
    const there = clusterRef.namespace ?? namespace;
    // By Strimzi's naming: the Secret of a user has its name, and that of the CA the cluster's.
    return [
      ...names,
      `Kafka/${there}/${clusterRef.name}`,
      `Secret/${there}/${clusterRef.name}-cluster-ca-cert`,
      `Secret/${there}/${clusterRef.user ?? ''}`,
    ];
  } catch {
    return [];
  }
}
