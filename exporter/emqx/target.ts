/**
 * An EMQX cluster by its REST API: the broker's figures under the names that every broker has, and rules, actions and connectors.
 *
 * Its parts are asked one after the other and stand for themselves: an EMQX without actions (before 5.4), or a key that may not read
 * rules, costs that part and no other.
 */
import { MkbError } from '../../api/errors.ts';
import type { Figure } from '../mqtt/sys-topics.ts';
import { Target, type TargetSettings } from '../target.ts';
import { EmqxApi, type EmqxApiOptions } from './api.ts';
import {
  actionFigures,
  brokerFigures,
  durableSessions,
  type EmqxRule,
  nodeFigures,
  resourceFigures,
  resourcesOf,
  ruleFigures,
  rulesOf,
} from './figures.ts';

/** The most rules, and the most actions, that are asked about in a round: each is a request. */
const mostAsked = 1000;
const rulesPerPage = 100;

export class EmqxTarget extends Target {
  readonly #api: EmqxApi;
  /** Nodes whose durable sessions were reported. */
  readonly #warned = new Set<string>();

  constructor(name: string, options: EmqxApiOptions, settings: TargetSettings) {
    super('emqx', name, settings);
    this.#api = new EmqxApi(options);
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.#api.close();
  }

  protected override async round(signal: AbortSignal): Promise<void> {
    const parts = {
      broker: () => this.#broker(signal),
      rules: () => this.#rules(signal),
      actions: () => this.#actions(signal),
      connectors: () => this.#connectors(signal),
    };
    let failure: unknown;
    for (const [part, ask] of Object.entries(parts)) {
      // Nothing more will be had from an API that does not answer at all.
      const error = MkbError.is(failure, 'emqx-unreachable') ? failure : await ask().then(() => undefined, asError);
      this.readings.set('emqx_api_part_up', { part }, Number(!error));
      if (part === 'broker') this.readings.set('emqx_api_up', {}, Number(!error));
      failure ??= error;
    }
    if (failure) throw failure;
  }

  async #broker(signal: AbortSignal): Promise<void> {
    const nodes = await this.#api.get('/nodes', signal);
    this.#show(nodeFigures(nodes));
    const stats = await this.#api.get('/stats', signal);
    this.#show(brokerFigures(stats));
    for (const { node, version, unsafe } of durableSessions(nodes, stats)) this.#warn(node, version, unsafe);
    this.#show(brokerFigures(await this.#api.get('/metrics', signal)));
  }

  /** The figure is shown each time; the log has it once, until it has been otherwise. */
  #warn(node: string, version: string, unsafe: boolean): void {
    this.readings.set('emqx_durable_sessions_unsafe', { node, version }, Number(unsafe));
    const warned = this.#warned.has(node);
    if (unsafe && !warned)
      this.report(new MkbError('emqx-durable-sessions-unsafe', { target: this.name, node, version }));
    if (unsafe) this.#warned.add(node);
    else this.#warned.delete(node);
  }

  async #rules(signal: AbortSignal): Promise<void> {
    const rules: EmqxRule[] = [];
    for (let page = 1, more = true; more && rules.length < mostAsked; page++) {
      const answer = rulesOf(await this.#api.get(`/rules?page=${page}&limit=${rulesPerPage}`, signal));
      for (const rule of answer.rules) rules.push(rule);
      more = answer.more && answer.rules.length > 0;
    }
    for (const { id: rule, enabled } of rules) this.readings.set('emqx_rule_enabled', { rule }, Number(enabled));
    const path = ({ id }: EmqxRule) => `/rules/${encodeURIComponent(id)}/metrics`;
    await this.#api.each(rules, path, signal, ({ id }, answer) => this.#show(ruleFigures(id, answer)));
  }

  async #actions(signal: AbortSignal): Promise<void> {
    const actions = resourcesOf(await this.#api.get('/actions', signal));
    for (const action of actions) this.#show(resourceFigures('action', action));
    await this.#api.each(
      actions.slice(0, mostAsked),
      ({ type, name }) => `/actions/${encodeURIComponent(`${type}:${name}`)}/metrics`,
      signal,
      (action, answer) => this.#show(actionFigures(action, answer)),
    );
  }

  async #connectors(signal: AbortSignal): Promise<void> {
    const connectors = resourcesOf(await this.#api.get('/connectors', signal));
    for (const connector of connectors) this.#show(resourceFigures('connector', connector));
  }

  #show(figures: readonly Figure[]): void {
    for (const { metric, labels, value } of figures) this.readings.set(metric, labels, value);
  }
}

const asError = (error: unknown): unknown => error;
