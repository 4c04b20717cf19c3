/** A reflector at work, and what it has told. */
import { ApiClient, type ApiClientOptions } from '../../../operator/runtime/client.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import { Reflector, type ReflectorOptions } from '../../../operator/runtime/reflector.ts';
import { until } from '../../real/until.ts';
import { quietLog } from './quiet-log.ts';
import { type ScriptedApi, thingKind } from './scripted-api.ts';

export interface Reflected {
  readonly reflector: Reflector;
  /** Every change, as `added red 5`. */
  readonly told: string[];
  readonly log: ReturnType<typeof quietLog>;
  /** How many objects a comparison has found that the watch had not told of, each time. */
  readonly missed: number[];
  /** Names in the store with their versions, `red 5`, in the order of the alphabet. */
  known(): string[];
  /** Waits until exactly these are known. */
  knows(...objects: string[]): Promise<void>;
  stop(): Promise<void>;
}

export type ReflectedOptions = Partial<ReflectorOptions> & ApiClientOptions & { readonly kind?: ResourceKind };

export function startReflector({ config }: Pick<ScriptedApi, 'config'>, options: ReflectedOptions = {}): Reflected {
  const { userAgent, timeoutMs, onRequest, kind = thingKind, ...rest } = options;
  const client = new ApiClient(config, { userAgent, timeoutMs, onRequest });
  const told: string[] = [];
  const missed: number[] = [];
  const log = quietLog();
  const reflector = new Reflector(client, kind, {
    log,
    onMissed: count => missed.push(count),
    ...rest,
    onChange: change => {
      told.push(`${change.type} ${change.object.metadata.name} ${change.object.metadata.resourceVersion}`);
      rest.onChange?.(change);
    },
  });
  const stopping = new AbortController();
  const ended = reflector.run(stopping.signal);
  const known = () =>
    reflector.store
      .list()
      .map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
      .sort();
  return {
    reflector,
    told,
    log,
    missed,
    known,
    knows: async (...objects) => {
      const wanted = objects.sort().join();
      await until(`the store to have ${wanted}`, () => known().join() === wanted, { everyMs: 2 });
    },
    stop: async () => {
      stopping.abort();
      await ended;
      client.close();
    },
  };
}
