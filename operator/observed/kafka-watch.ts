/**
 * The Kafka resources of Strimzi, for when an address of theirs changes, or they become ready. Strimzi writes their status all the time, so
 * only that is kept, and reported, which a bridge connects by.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { strimziKinds } from '../kinds.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { ApiClient } from '../runtime/client.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Change } from '../runtime/reflector.ts';
import { WatchedKind, type WatchedKindOptions } from './watched-kind.ts';

/** How often it is looked whether Strimzi was found by now, milliseconds. It costs no request. */
const againMs = 2000;

export class KafkaWatch {
  readonly #client: ApiClient;
  readonly #options: Pick<WatchedKindOptions, 'namespaces' | 'log'> & {
    readonly onChange: (object: KubeObject) => void;
  };
  #watched: WatchedKind | undefined;

  constructor(
    client: ApiClient,
    options: Pick<WatchedKindOptions, 'namespaces' | 'log'> & { readonly onChange: (object: KubeObject) => void },
  ) {
    this.#client = client;
    this.#options = options;
  }

  /** Runs until the signal is aborted. @param version of Strimzi's API that was found; undefined while none was */
  async run(version: () => Promise<string | undefined>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const served = await version().catch(() => undefined);
      if (served !== undefined) {
        this.#watched = new WatchedKind(this.#client, strimziKinds(served).kafka, {
          ...this.#options,
          transform: listenersOnly,
          onChange: change => this.#changed(change),
        });
        return this.#watched.run(signal);
      }
      await pause(againMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Whether changes in this namespace are reported. */
  covers(namespace: string): boolean {
    return this.#watched?.covers(namespace) ?? false;
  }

  #changed({ object, old, type }: Change): void {
    if (type !== 'modified' || hashOf(object.listeners) !== hashOf(old?.listeners)) this.#options.onChange(object);
  }
}

function listenersOnly({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  const configured = (spec as { kafka?: { listeners?: unknown } } | undefined)?.kafka?.listeners;
  const reported = (status as { listeners?: unknown } | undefined)?.listeners;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion } as KubeObject['metadata'],
    listeners: hashOf([configured, reported]),
  };
}
