/**
 * Events: what happened to an object and why, for people who look at it (`kubectl describe`).
 *
 * They are news, not records: an event never fails and never waits. The same news again is no second object but a count in the first, which is
 * written at most once a minute; and an object about which there is too much news is cut short (25 at once, then one in five minutes, as client-go does
 * it), since events of a thing that goes wrong in a circle have filled an etcd before.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import { randomBytes } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';
import type { ApiClient } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import type { Log } from './log.ts';
import { type KubeObject, keyOf } from './object.ts';
import { plainText } from './plain-text.ts';

export const eventKind: ResourceKind = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, for programs. */
  readonly reason: string;
  /** What was done, or is to be done: one word in CamelCase. */
  readonly action: string;
  readonly message: string;
}

export interface EventRecorderOptions {
  /** Which program reports, and which instance of it. */
  readonly component: string;
  readonly instance: string;
  readonly log: Log;
  readonly now?: () => Date;
}

interface Told {
  /** Known when the object is written; undefined if that failed. */
  readonly name: Promise<string | undefined>;
  readonly namespace: string;
  count: number;
  writtenAt: number;
}

interface Allowance {
  left: number;
  at: number;
}

const seriesMs = 60_000;
/** After this the same news is news again. */
const forgetMs = 600_000;
const burst = 25;
const refillMs = 300_000;
/** How many kinds of news, and how many objects, are remembered. */
const remembered = 4096;
/** The server takes no longer note, in bytes. */
const noteBytes = 1024;

export class EventRecorder {
  readonly #client: Pick<ApiClient, 'create' | 'patch'>;
  readonly #options: EventRecorderOptions;
  readonly #now: () => Date;
  readonly #told = new Map<string, Told>();
  readonly #allowances = new Map<string, Allowance>();
  readonly #writing = new Set<Promise<unknown>>();

  constructor(client: Pick<ApiClient, 'create' | 'patch'>, options: EventRecorderOptions) {
    this.#client = client;
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  /** Reports news of an object. Returns at once. */
  record(regarding: KubeObject, event: EventText): void {
    const { metadata } = regarding;
    const key = JSON.stringify([metadata.uid, event.type, event.reason, event.action, event.message]);
    const now = this.#now().getTime();
    const told = this.#told.get(key);
    if (told && now - told.writtenAt < forgetMs) {
      told.count++;
      if (now - told.writtenAt >= seriesMs || told.count === 2) this.#keepWriting(this.#count(told, now));
      return;
    }
    if (!this.#allowed(metadata.uid ?? keyOf(regarding), now)) return;
    const namespace = metadata.namespace ?? 'default';
    const name = this.#create(regarding, event, namespace);
    remember(this.#told, key, { name, namespace, count: 1, writtenAt: now });
    this.#keepWriting(name);
  }

  /** Settles when everything that was reported is written, or has failed to be. */
  async idle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  #keepWriting(writing: Promise<unknown>): void {
    this.#writing.add(writing);
    void writing.finally(() => this.#writing.delete(writing));
  }

  #allowed(object: string, now: number): boolean {
    const old = this.#allowances.get(object) ?? { left: burst, at: now };
    const left = Math.min(burst, old.left + (now - old.at) / refillMs);
    const allowed = left >= 1;
    remember(this.#allowances, object, { left: allowed ? left - 1 : left, at: now });
    return allowed;
  }

  /** @returns the name of the event; undefined when it could not be written */
  async #create(regarding: KubeObject, event: EventText, namespace: string): Promise<string | undefined> {
    const { component, instance } = this.#options;
    const { apiVersion, kind, metadata } = regarding;
    const { name, uid, resourceVersion } = metadata;
    const eventName = `${name}.${randomBytes(8).toString('hex')}`;
    const object = {
      apiVersion: eventKind.apiVersion,
      kind: eventKind.kind,
      metadata: { name: eventName, namespace },
      eventTime: this.#time(),
      reportingController: component,
      reportingInstance: instance.slice(0, 128),
      action: event.action,
      reason: event.reason,
      regarding: { apiVersion, kind, name, namespace: metadata.namespace, uid, resourceVersion },
      note: shortened(plainText(event.message)),
      type: event.type,
    };
    try {
      await this.#client.create(eventKind, object);
      return eventName;
    } catch (error) {
      this.#failed(error, regarding, event.reason);
      return undefined;
    }
  }

  async #count(told: Told, now: number): Promise<void> {
    told.writtenAt = now;
    const name = await told.name;
    if (name === undefined) return;
    const series = { count: told.count, lastObservedTime: this.#time() };
    try {
      await this.#client.patch(eventKind, { namespace: told.namespace, name }, [
        { op: 'add', path: '/series', value: series },
      ]);
    } catch (error) {
      this.#options.log.debug({ event: name, err: error }, 'an event could not be counted');
    }
  }

  #failed(error: unknown, regarding: KubeObject, reason: string): void {
    // Where everything is being deleted nobody reads news.
    if (MkbError.is(error, 'kube-namespace-ending')) return;
    this.#options.log.warn({ object: keyOf(regarding), reason, err: error }, 'an event could not be written');
  }

  /** RFC 3339 with microseconds. */
  #time(): string {
    return this.#now().toISOString().replace('Z', '000Z');
  }
}

/** Puts it last; the first, which is the oldest, goes when there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > remembered) map.delete(map.keys().next().value!);
}

function shortened(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= noteBytes) return message;
  // A letter that was cut in two becomes a replacement character, which goes with the dots.
  return `${bytes
    .subarray(0, noteBytes - 8)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}...`;
}
