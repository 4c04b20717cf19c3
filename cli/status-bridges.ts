/** The bridges that `mkb status` is asked about, read from the API server once or again at each change. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { kinds } from '../operator/kinds.ts';
import type { ApiClient } from '../operator/runtime/client.ts';
import type { Log } from '../operator/runtime/log.ts';
import { type KubeObject, keyOf } from '../operator/runtime/object.ts';
import { Reflector } from '../operator/runtime/reflector.ts';

export interface Scope {
  /** All namespaces when left out. */
  readonly namespace: string | undefined;
  /** All bridges when there is none. */
  readonly names: readonly string[];
}

const pageSize = 500;

/**
 * All bridges of the scope's namespace, whatever their names.
 *
 * @throws bridges-not-installed, bridges-forbidden, bridges-unreadable
 */
export const listBridges = async (client: ApiClient, { namespace }: Scope): Promise<KubeObject[]> => {
  const bridges: KubeObject[] = [];
  let next: string | undefined;
  try {
    do {
      const page = await client.list(kinds.bridge, { namespace, limit: pageSize, continue: next });
      for (const bridge of page.items) bridges.push(bridge);
      next = page.continue;
    } while (next !== undefined);
  } catch (error) {
    throw told(error, client.server);
  }
  return bridges;
};

/** What an error of the API means to somebody who wanted to look, and can do nothing about roles of operators. */
export const told = (error: unknown, server: string): unknown => {
  if (!MkbError.is(error)) return error;
  // A namespace that is not there has an empty list; only a kind that is not there has none.
  if (MkbError.is(error, 'kube-not-found')) return new MkbError('bridges-not-installed', { server }, { cause: error });
  if (MkbError.is(error, 'kube-forbidden')) {
    return new MkbError('bridges-forbidden', { reason: error.details.reason }, { cause: error });
  }
  return new MkbError('bridges-unreadable', { reason: error.message }, { cause: error });
};

/** Those that were asked for, by namespace and name. */
export const chosen = (bridges: readonly KubeObject[], { names }: Scope): KubeObject[] =>
  bridges
    .filter(({ metadata }) => names.length === 0 || names.includes(metadata.name))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** An error for each name that no bridge has. */
export const missing = (bridges: readonly KubeObject[], { namespace, names }: Scope): MkbError[] => {
  const there = bridges.map(({ metadata }) => metadata.name);
  const where = namespace === undefined ? 'any namespace' : `namespace ${namespace}`;
  return names
    .filter(name => !there.includes(name))
    .map(name => new MkbError('bridge-not-found', { name, where, meant: nearest(name, there) }));
};

export interface WatchOptions {
  /** Told when the API server cannot be reached: it is retried. */
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** To be told of them again after so long, although nothing has changed. */
  readonly everyMs?: number | undefined;
}

/** For --watch: the bridges of the scope, and again at each change. */
export async function* watchBridges(
  client: ApiClient,
  scope: Scope,
  { log, signal, everyMs }: WatchOptions,
): AsyncGenerator<readonly KubeObject[], void, void> {
  let news = Promise.withResolvers<void>();
  const tell = () => news.resolve();
  const reflector = new Reflector(client, kinds.bridge, { namespace: scope.namespace, log, onChange: tell });
  const running = reflector.run(signal);
  signal.addEventListener('abort', tell, { once: true });
  // The objects of a list come in one go: who is woken by the first of them finds all of them in the store.
  await Promise.race([reflector.synced, news.promise]);
  tell();
  const timer = everyMs === undefined ? undefined : setInterval(tell, everyMs);
  try {
    for (;;) {
      await news.promise;
      if (signal.aborted) break;
      news = Promise.withResolvers();
      yield chosen(reflector.store.list(), scope);
    }
  } finally {
    clearInterval(timer);
  }
  await running;
}
