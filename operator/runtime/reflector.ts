/**
 * Keeps a Store as the API server has it: lists once, then watches, for ever.
 *
 * A watch is a promise that every change since a resource version is reported, and it is broken in many ways: the server closes it each few
 * minutes, a proxy swallows it silently, the version is forgotten (410). So:
 *
 * - The server is asked for bookmarks, which bring a newer version although nothing changed, and a watch that says nothing at all for longer
 *   than bookmarks are apart is closed and opened again.
 * - A watch that ends goes on from the newest version seen. Only 410 leads to a new list.
 * - From time to time, when a watch has just ended, the list of exactly the version it ended at is compared with the store. The two must be
 *   the same: what differs is reported as if the watch had done it, and counted as missed, for somebody between the server and us has lost it.
 * - Failures are retried with pauses that grow at random up to 30 s, or as long as the server asks for; a watch that has lived resets
 *   them.
 *
 * The first list comes from the server's cache (resource version 0): a hundred operators that start after an outage must not read all of
 * etcd. A cache may answer with everything in one page. So an answer of more than 2 MiB is not read to its end: the list is then asked for page by page, of
 * what is true now, in pages that become as short as they must. What a list costs in memory is one page, whatever is in the cluster. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../../api/errors.ts';
import type { ApiClient, ListOptions, ListPage, Selection } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import type { Log } from './log.ts';
import { type KubeObject, keyOf } from './object.ts';
import { retryAfterMs } from './status-error.ts';
import { type Indexer, Store } from './store.ts';

export interface Change {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: KubeObject;
  /** What was known before. */
  readonly old?: KubeObject;
}

export interface ReflectorOptions
  extends Pick<Selection, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'> {
  /** Makes what is kept of an object: less than all of it saves memory. It must keep `metadata` but for managedFields. */
  readonly transform?: (object: KubeObject) => KubeObject;
  readonly indexers?: Readonly<Record<string, Indexer>>;
  /** Called after the store has changed. It must not throw. */
  readonly onChange?: (change: Change) => void;
  /** Called when a comparison finds what the watch should have reported, with how many objects. */
  readonly onMissed?: (count: number) => void;
  /** Called when everything has been read, for the first time and again after 410. */
  readonly onListed?: () => void;
  readonly log: Log;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** A watch that is silent for so long is dead: bookmarks come each minute. Milliseconds. */
  readonly silenceMs?: number;
  /** How long a watch is asked to last at least, seconds; at most twice as long. */
  readonly watchSeconds?: number;
  /** After how many watches the store is compared with the server. */
  readonly compareEvery?: number;
}

const pageSize = 500;
/** An object is 3 MiB at most, as the API server takes it; in JSON it may be longer, so that a page of one has no limit. */
const pageBytes = 2 * 2 ** 20;
const minPauseMs = 200;
const maxPauseMs = 30_000;

export class Reflector {
  readonly kind: ResourceKind;
  readonly store: Store;
  readonly #client: ApiClient;
  readonly #options: ReflectorOptions;
  readonly #random: () => number;
  readonly #synced = Promise.withResolvers<void>();
  /** What the store is true of; '' before the first list and after 410. */
  #version = '';
  #listed = false;
  #watches = 0;
  #pauseMs = minPauseMs;

  constructor(client: ApiClient, kind: ResourceKind, options: ReflectorOptions) {
    this.#client = client;
    this.kind = kind;
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.store = new Store(options.indexers);
  }

  /** Settles when the first list is in the store and reported. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list(signal);
        await this.#watch(signal);
        if (++this.#watches % (this.#options.compareEvery ?? 6) === 0) await this.#compare(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#failed(error, signal);
      }
    }
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const gone = MkbError.is(error, 'kube-gone');
    if (gone) this.#version = '';
    else if (!(error instanceof SilentWatch))
      log.warn({ kind: this.kind.kind, err: error }, 'watching failed; it is retried');
    if (gone && this.#pauseMs === minPauseMs) {
      this.#pauseMs *= 2;
      return;
    }
    const waitMs = Math.max(minPauseMs + this.#random() * this.#pauseMs, retryAfterMs(error));
    this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs * 2);
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { items, version } = await this.#read(this.#listed ? {} : { resourceVersion: '0' }, signal);
    this.#take(items);
    this.#version = version;
    this.#listed = true;
    this.#options.onListed?.();
    this.#synced.resolve();
  }

  /** All pages of a list. */
  async #read(
    at: Pick<ListOptions, 'resourceVersion' | 'resourceVersionMatch'>,
    signal: AbortSignal,
  ): Promise<{ items: KubeObject[]; version: string }> {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    const selection = { namespace, labelSelector, fieldSelector, metadataOnly, signal };
    const items: KubeObject[] = [];
    let where: Partial<ListOptions> = at;
    let limit = pageSize;
    for (;;) {
      const maxBytes = limit > 1 ? pageBytes : undefined;
      const page = await this.#page({ ...selection, ...where, limit, maxBytes });
      if (page === undefined) {
        if (where.resourceVersion === '0') where = {};
        else limit = Math.ceil(limit / 4);
        continue;
      }
      for (const object of page.items) items.push(this.#keep(object));
      if (!page.continue) return { items, version: page.resourceVersion };
      where = { continue: page.continue };
      limit = Math.min(pageSize, limit * 2);
    }
  }

  /** Undefined when it is too long. */
  async #page(options: ListOptions): Promise<ListPage | undefined> {
    try {
      return await this.#client.list(this.kind, options);
    } catch (error) {
      if (MkbError.is(error, 'kube-answer-too-long')) return undefined;
      throw error;
    }
  }

  /** Makes the store hold these objects and no others. Returns how many were not as they are there. */
  #take(items: readonly KubeObject[]): number {
    const there = new Set(items.map(keyOf));
    let differing = 0;
    for (const object of items) if (this.#put(object)) differing++;
    for (const key of this.store.keys()) if (!there.has(key) && this.#remove(key)) differing++;
    return differing;
  }

  async #compare(signal: AbortSignal): Promise<void> {
    try {
      const exactly = { resourceVersion: this.#version, resourceVersionMatch: 'Exact' } as const;
      const { items } = await this.#read(exactly, signal);
      const missed = this.#take(items);
      if (missed === 0) return;
      this.#options.onMissed?.(missed);
      this.#options.log.error(
        { kind: this.kind.kind, missed },
        'the watch has not reported changes; they were found by a list',
      );
    } catch (error) {
      // The version is too old to be compared with, although not for a watch.
      if (!MkbError.is(error, 'kube-gone')) throw error;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector, fieldSelector, metadataOnly, watchSeconds = 300 } = this.#options;
    const silence = new Silence(this.#options.silenceMs ?? 150_000, signal);
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + this.#random()));
    const openedAt = performance.now();
    let events = 0;
    try {
      for await (const { type, object } of this.#client.watch(this.kind, {
        namespace,
        labelSelector,
        fieldSelector,
        metadataOnly,
        resourceVersion: this.#version,
        timeoutSeconds,
        signal: silence.signal,
      })) {
        silence.heard();
        events++;
        this.#pauseMs = minPauseMs;
        if (type === 'DELETED') this.#remove(keyOf(object));
        else if (type !== 'BOOKMARK') this.#put(this.#keep(object));
        this.#version = object.metadata.resourceVersion!;
      }
    } catch (error) {
      if (silence.broken && !signal.aborted) throw new SilentWatch();
      throw error;
    } finally {
      silence.end();
    }
    // A server that closes each watch at once would be asked again without end.
    if (events === 0 && performance.now() - openedAt < 1000) throw new SilentWatch();
  }

  /** What is kept of an object: never who set which field, which is half of it. */
  #keep(object: KubeObject): KubeObject {
    const { managedFields: _, ...metadata } = object.metadata;
    const kept = { ...object, metadata };
    return this.#options.transform?.(kept) ?? kept;
  }

  /** Returns whether it was not known so. */
  #put(kept: KubeObject): boolean {
    const old = this.store.get(keyOf(kept));
    if (old?.metadata.resourceVersion === kept.metadata.resourceVersion) return false;
    this.store.put(kept);
    this.#tell(old ? { type: 'modified', object: kept, old } : { type: 'added', object: kept });
    return true;
  }

  /** Returns whether it was there. */
  #remove(key: string): boolean {
    const old = this.store.delete(key);
    if (old) this.#tell({ type: 'deleted', object: old, old });
    return old !== undefined;
  }

  #tell(change: Change): void {
    this.#options.onChange?.(change);
  }
}

/** The connection was there and said nothing: a new one goes on from where it was. */
class SilentWatch extends Error {}

/** Aborts its signal when nothing has been heard for too long, and when the outer one is aborted. */
class Silence {
  readonly #own = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #stop = () => this.#own.abort(this.#outer.reason);
  broken = false;

  constructor(limitMs: number, outer: AbortSignal) {
    outer.throwIfAborted();
    this.#outer = outer;
    outer.addEventListener('abort', this.#stop);
    this.#timer = setTimeout(() => {
      this.broken = true;
      this.#own.abort();
    }, limitMs);
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  heard(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#stop);
  }
}
