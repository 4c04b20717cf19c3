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
import { clientFigures } from './client-figures.ts';
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
import { licenseFigures } from './license-figures.ts';
import {
  bridgeAliases,
  bridgeMetricAliases,
  brokerAliases,
  licenseAliases,
  nodeAliases,
  ruleAliases,
} from './other-names.ts';

/** The most rules, and the most actions, that are asked about in a round: each is a request. */
const mostAsked = 1000;
const rulesPerPage = 100;
const mostClients = 100;

export interface EmqxTargetOptions {
  readonly name: string;
  readonly api: EmqxApiOptions;
  /** Client ids whose sessions are shown. */
  readonly clients: readonly string[];
  /** How many messages may wait for a client, for an EMQX that has no limit itself. */
  readonly queueLimit?: number;
  /** Whether figures are shown under the names of EMQX and its exporter too. */
  readonly withAliases: boolean;
}

export class EmqxTarget extends Target {
  readonly #options: EmqxTargetOptions;
  readonly #api: EmqxApi;
  /** Nodes whose durable sessions were reported. */
  readonly #warned = new Set<string>();

  constructor(options: EmqxTargetOptions, settings: TargetSettings) {
    super('emqx', options.name, settings);
    this.#options = options;
    this.#api = new EmqxApi(options.api);
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.#api.close();
  }

  protected override async round(signal: AbortSignal): Promise<void> {
    const parts = {
      broker: () => this.#broker(signal),
      clients: () => this.#clients(signal),
      license: () => this.#license(signal),
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
    this.#alias(() => nodeAliases(nodes));
    const stats = await this.#api.get('/stats', signal);
    this.#show(brokerFigures(stats));
    this.#alias(() => brokerAliases(stats));
    for (const { node, version, unsafe } of durableSessions(nodes, stats)) this.#warn(node, version, unsafe);
    const metrics = await this.#api.get('/metrics', signal);
    this.#show(brokerFigures(metrics));
    this.#alias(() => brokerAliases(metrics));
  }

  async #clients(signal: AbortSignal): Promise<void> {
    const { clients, queueLimit } = this.#options;
    await this.#api.each(
      clients.slice(0, mostClients),
      client => `/clients/${encodeURIComponent(client)}`,
      signal,
      (client, answer) => this.#show(clientFigures(client, answer, queueLimit)),
    );
  }

  async #license(signal: AbortSignal): Promise<void> {
    const license = await this.#api.get('/license', signal, { optional: true });
    this.#show(licenseFigures(license));
    this.#alias(() => licenseAliases(license, Date.now() / 1000));
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
    await this.#api.each(rules, path, signal, ({ id }, answer) => {
      this.#show(ruleFigures(id, answer));
      this.#alias(() => ruleAliases(id, answer));
    });
  }

  async #actions(signal: AbortSignal): Promise<void> {
    const answer = await this.#api.get('/actions', signal);
    const actions = resourcesOf(answer);
    this.#alias(() => bridgeAliases(answer));
    for (const action of actions) this.#show(resourceFigures('action', action));
    await this.#api.each(
      actions.slice(0, mostAsked),
      ({ type, name }) => `/actions/${encodeURIComponent(`${type}:${name}`)}/metrics`,
      signal,
      (action, metrics) => {
        this.#show(actionFigures(action, metrics));
        this.#alias(() => bridgeMetricAliases(action, metrics));
      },
    );
  }

  async #connectors(signal: AbortSignal): Promise<void> {
    const connectors = resourcesOf(await this.#api.get('/connectors', signal));
    for (const connector of connectors) this.#show(resourceFigures('connector', connector));
  }

  #alias(figures: () => readonly Figure[]): void {
    if (this.#options.withAliases) this.#show(figures());
  }

  #show(figures: readonly Figure[]): void {
    for (const { metric, labels, value } of figures) this.readings.set(metric, labels, value);
  }
}

const asError = (error: unknown): unknown => error;
