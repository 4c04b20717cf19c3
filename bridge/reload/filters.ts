/**
 * The filters of a session that goes on. It subscribes to new ones before the other document is taken, so that a refusal leaves everything as it was; what no rule reads
 * any more is given up after that.
 *
 * Messages of new filters may come at once, stored ones before the answer even. So the rules that read them get these already, and only these, while all others go through
 * the old rules.
 */
import type { BridgeSpec } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Pipeline } from '../flow/pipeline.ts';
import type { MqttSource } from '../sources/mqtt.ts';
import type { SubscriptionPlan } from '../sources/mqtt-subscriptions.ts';
import type { WindowsSource } from '../sources/windows.ts';
import { type SubscriptionChanges, subscriptionChanges } from './subscription-changes.ts';

export interface FilterHost {
  readonly source: Pick<MqttSource, 'use' | 'session'>;
  readonly windows: WindowsSource;
  readonly pipeline: Pipeline;
}

/** One of the two is to be called. Neither fails. */
export interface PreparedFilters {
  /** The rules are those of the other document. */
  commit(): void;
  abandon(): void;
}

/** For the server's answer, milliseconds. It may put a subscription off, and be asked again. */
const patienceMs = 20_000;

const filtersOf = ({ name, filters }: BoundRule) => ({ name, filters: filters.map(({ filter }) => filter) });
const textsOf = (subscriptions: readonly { readonly filter: string }[]) => subscriptions.map(({ filter }) => filter);

export class Filters {
  readonly #host: FilterHost;
  #plan: SubscriptionPlan;

  /** @param parts what the session subscribes to */
  constructor(
    host: FilterHost,
    parts: { readonly session: Pick<SubscriptionPlan, 'subscriptions'> } & Pick<SubscriptionPlan, 'ownerOf'>,
  ) {
    this.#host = host;
    this.#plan = { subscriptions: parts.session.subscriptions, ownerOf: parts.ownerOf };
  }

  /** Throws `reload-filters-overlap`, `mqtt-subscription-refused` and `reload-not-connected`. */
  async prepare(
    before: readonly BoundRule[],
    after: readonly BoundRule[],
    document: BridgeSpec['mqtt'],
  ): Promise<PreparedFilters> {
    const { session } = this.#host.source;
    const plan = subscriptionChanges(
      this.#plan,
      before.map(filtersOf),
      after.map(filtersOf),
      document,
      session.identifies,
    );
    if (plan.conflicts[0] !== undefined) throw new MkbError('reload-filters-overlap', { filters: plan.conflicts[0] });
    if (plan.added.length > 0) await this.#subscribe(plan, before, after);
    return {
      commit: () => {
        this.#plan = plan;
        this.#host.source.use(after, plan.ownerOf);
        if (plan.removed.length > 0) session.leave(textsOf(plan.removed));
      },
      abandon: () => {
        if (plan.added.length > 0) this.#undo(plan, before);
      },
    };
  }

  async #subscribe(
    plan: SubscriptionChanges,
    before: readonly BoundRule[],
    after: readonly BoundRule[],
  ): Promise<void> {
    const { source, windows, pipeline } = this.#host;
    const owners = new Set(plan.added.map(({ identifier }) => identifier));
    const isNew = (filter: string) => owners.has(plan.ownerOf(filter));
    const early = after.filter(rule => !before.includes(rule) && rule.filters.some(({ filter }) => isNew(filter)));
    const both = [...before, ...early];
    windows.use(both);
    pipeline.use(both);
    source.use(
      both,
      filter => (isNew(filter) ? plan.ownerOf(filter) : this.#plan.ownerOf(filter)),
      (rule, filter) => before.includes(rule) || isNew(filter),
    );
    try {
      if (!(await inTime(source.session.subscribe(plan.added)))) throw new MkbError('reload-not-connected', undefined);
    } catch (error) {
      this.#undo(plan, before);
      throw error;
    }
  }

  #undo(plan: SubscriptionChanges, before: readonly BoundRule[]): void {
    const { source, windows, pipeline } = this.#host;
    source.session.leave(textsOf(plan.added));
    windows.use(before);
    pipeline.use(before);
    source.use(before, this.#plan.ownerOf);
  }
}

/** False when the time is over. */
async function inTime(answer: Promise<boolean>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, patienceMs, false);
  return await Promise.race([answer, promise]).finally(() => clearTimeout(timer));
}
