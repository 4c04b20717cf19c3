/**
 * What is known of documents: each is checked once for each of its generations, by a thread beside the event loop.
 *
 * Nobody waits for a check. A reconcile that comes too early ends, and the key comes again when there is a verdict: a worker that waited for the documents of
 * one namespace would be missing to all others. A document that could not be checked in its time keeps that verdict, and is tried again after a minute, then
 * two, up to an hour: the machine may have been busy.
 *
 * What waits for its check, and the last good documents that are kept, are bounded for each namespace. A key for which there is no room comes again when
 * another of its namespace has a verdict.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { identityAnnotation } from '../../api/complete.ts';
import { NamespaceBudget } from '../observed/namespace-budget.ts';
import { type CheckedResource, type CheckSettings, completeResource } from '../reconcile/document.ts';
import { type KubeObject, keyParts } from '../runtime/object.ts';
import type { CheckThread } from './check-thread.ts';
import { type CheckAnswer, unchecked } from './protocol.ts';

export interface VerdictsOptions {
  readonly thread: Pick<CheckThread, 'check' | 'hasRoomFor'>;
  readonly settings: CheckSettings;
  /** Called with the key of a bridge that has a new verdict, or whose document is to be tried again after `ms`. */
  readonly onVerdict: (key: string, ms: number) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Characters of the last good documents of a namespace that are kept. */
  readonly mostOfNamespace?: number;
}

interface Known {
  /** What was checked: uid and generation, or the resource version of the text. */
  readonly version: string;
  /** The newest; while another check is under way, the one before. */
  readonly answer: CheckAnswer | undefined;
  /** When it is checked again; never for one that has been checked. */
  readonly againAt: number;
  readonly attempts: number;
}

/** Only documents that are wrong have a last good one beside them. */
const mostOfNamespace = 4 * 2 ** 20;
/** When a key comes again for which there was no room, if no verdict of its namespace brings it. */
const postponedMs = 30_000;
/** Of those, so many come with each verdict: one may need no check any more. */
const comeAtOnce = 2;
const firstAgainMs = 60_000;
const lastAgainMs = 3_600_000;

export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #budget: NamespaceBudget;
  /** Keys for which there was no room, by namespace. */
  readonly #postponed = new Map<string, Set<string>>();

  constructor(options: VerdictsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = new NamespaceBudget(options.mostOfNamespace ?? mostOfNamespace);
  }

  /** The document of a bridge, or what is wrong with it; undefined while it is being checked. */
  of(key: string, resource: KubeObject): CheckedResource | undefined {
    const { uid, generation, annotations } = resource.metadata;
    const version = `${uid} ${generation} ${annotations?.[identityAnnotation]}`;
    const answer = this.#answer(key, key, version, resource);
    if (answer === undefined) return undefined;
    const { problems, warnings } = answer;
    if (problems.length > 0) return { problems };
    return { document: completeResource(resource, this.#options.settings.replicas), problems: [], warnings };
  }

  /**
   * The same of the last good document, which is a text.
   *
   * @param version another for each text
   * @returns null when it is not right any more, or never was
   */
  kept(key: string, resource: KubeObject, spec: string, version: string): MqttKafkaBridge | null | undefined {
    const answer = this.#answer(`${key} kept`, key, version, resource, spec);
    if (answer === undefined) return undefined;
    if (answer.problems.length > 0 || answer.spec === undefined) return null;
    return completeResource({ ...resource, spec: JSON.parse(answer.spec) }, this.#options.settings.replicas);
  }

  /** The bridge is gone. */
  forget(key: string): void {
    this.#known.delete(key);
    this.#known.delete(`${key} kept`);
    const { namespace = '' } = keyParts(key);
    this.#budget.forget(namespace, key);
    this.#postponed.get(namespace)?.delete(key);
  }

  #answer(id: string, key: string, version: string, resource: KubeObject, spec?: string): CheckAnswer | undefined {
    const known = this.#known.get(id);
    if (known?.version === version && this.#now() < known.againAt) return known.answer;
    const old = known?.version === version ? known : undefined;
    if (!this.#options.thread.hasRoomFor(keyParts(key).namespace ?? '')) {
      this.#postpone(key);
      return old?.answer;
    }
    const under = {
      version,
      answer: old?.answer,
      againAt: Number.POSITIVE_INFINITY,
      attempts: (old?.attempts ?? 0) + 1,
    };
    this.#known.set(id, under);
    void this.#check(id, key, under, resource, spec);
    return under.answer;
  }

  async #check(id: string, key: string, under: Known, resource: KubeObject, spec?: string): Promise<void> {
    const { thread, settings, onVerdict } = this.#options;
    const found = await thread.check(resource, { settings, ...(spec !== undefined && { spec }) });
    this.#wake(key);
    // Another generation came meanwhile, or the bridge is gone.
    if (this.#known.get(id) !== under) return;
    const answer = spec === undefined ? found : this.#withinBudget(key, found);
    const failed = answer.problems.some(({ code }) => code === 'document-unchecked');
    const againMs = Math.min(lastAgainMs, firstAgainMs * 2 ** (under.attempts - 1));
    const againAt = failed ? this.#now() + againMs : Number.POSITIVE_INFINITY;
    this.#known.set(id, { ...under, answer, againAt });
    onVerdict(key, 0);
    if (failed) onVerdict(key, againMs);
  }
  #withinBudget(key: string, answer: CheckAnswer): CheckAnswer {
    const { namespace = '' } = keyParts(key);
    if (this.#budget.take(namespace, key, answer.spec?.length ?? 0)) return answer;
    return unchecked('the documents of its namespace that are wrong have too large last good ones beside them');
  }

  #postpone(key: string): void {
    const { namespace = '' } = keyParts(key);
    const keys = this.#postponed.get(namespace) ?? new Set();
    this.#postponed.set(namespace, keys.add(key));
    this.#options.onVerdict(key, postponedMs);
  }

  /** Another of its namespace has been checked, so there may be room. */
  #wake(key: string): void {
    const { namespace = '' } = keyParts(key);
    const keys = this.#postponed.get(namespace) ?? new Set();
    const next = [...keys].slice(0, comeAtOnce);
    for (const each of next) {
      keys.delete(each);
      this.#options.onVerdict(each, 0);
    }
    if (keys.size === 0) this.#postponed.delete(namespace);
  }
}
