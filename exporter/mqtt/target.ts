/**
 * An MQTT broker as a client sees it: whether one can connect, what the broker says of itself under `$SYS`, and a probe.
 *
 * `$SYS` is not asked for but comes, and brokers differ: Mosquitto publishes every ten seconds what has changed since, EMQX and HiveMQ every
 * minute everything. So a figure does not grow old by itself. As long as the broker is connected and publishes anything under `$SYS`, all its
 * figures are confirmed at each round; when it stops, they go with the values of every other target.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { MkbError } from '../../api/errors.ts';
import { shownUrl } from '../../network/shown-url.ts';
import { Target, type TargetSettings } from '../target.ts';
import { type ClientSettings, connectClient } from './client.ts';
import { Probe, type ProbeOptions } from './probe.ts';
import { sysFigure, sysFilters, sysMetrics } from './sys-topics.ts';

export interface MqttTargetOptions {
  readonly name: string;
  readonly url: string;
  readonly client: ClientSettings;
  /** Whether `$SYS` is read. */
  readonly sys: boolean;
  /** How often the broker publishes there, milliseconds. */
  readonly sysIntervalMs: number;
  readonly probe?: Pick<ProbeOptions, 'topic' | 'qos'>;
  /** What the broker may keep, which it does not say itself: messages that wait for one client, and bytes of memory. */
  readonly limits: { readonly queueMessages?: number; readonly memoryBytes?: number };
}

/** After how many of the broker's intervals without a word under `$SYS` its figures are not confirmed any more. */
const silentIntervals = 3;

export class MqttTarget extends Target {
  readonly #options: MqttTargetOptions;
  #client: MqttClient | undefined;
  #probe: Probe | undefined;
  /** Settles when the client is connected and has its subscriptions; another one after each lost connection. */
  #ready = Promise.withResolvers<true>();
  #connectionError: MkbError | undefined;
  #sysHeardAt = Number.NEGATIVE_INFINITY;

  constructor(options: MqttTargetOptions, settings: TargetSettings) {
    super('mqtt', options.name, settings);
    this.#options = options;
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#client?.endAsync(true);
  }

  protected override async round(signal: AbortSignal): Promise<void> {
    this.#client ??= this.#connect();
    // Half of the time, so that the other half is left for the probe.
    const halfMs = this.settings.timeoutMs / 2;
    const ready = await Promise.race([this.#ready.promise, pause(halfMs, false, { signal }).catch(() => false)]);
    this.#showUp();
    this.#showLimits();
    this.#confirmSys();
    if (this.#probe) await this.#sendProbe(this.#probe, ready, signal);
    if (!ready) throw this.#notReady(halfMs);
  }

  #showUp(): void {
    this.readings.set('mqtt_broker_up', {}, Number(this.#client?.connected ?? false));
  }

  #showLimits(): void {
    const { queueMessages, memoryBytes } = this.#options.limits;
    if (queueMessages !== undefined) this.readings.set('mqtt_broker_queue_limit_messages', { node: '' }, queueMessages);
    if (memoryBytes !== undefined) this.readings.set('mqtt_broker_memory_limit_bytes', { node: '' }, memoryBytes);
  }

  #connect(): MqttClient {
    const { url, client: settings, probe } = this.#options;
    const client = connectClient(url, settings, error => {
      this.#ready = Promise.withResolvers();
      this.#connectionError = error;
      this.#showUp();
    });
    if (probe) this.#probe = new Probe(client, { ...probe, url: shownUrl(url), now: this.settings.now });
    client.on('connect', () => {
      this.#showUp();
      void this.#subscribe(client, this.#ready);
    });
    client.on('message', (topic, payload) => this.#received(topic, payload));
    return client;
  }

  async #subscribe(client: MqttClient, ready: PromiseWithResolvers<true>): Promise<void> {
    const { sys, probe } = this.#options;
    if (sys) await this.#subscribeTo(client, sysFilters, 0);
    if (probe) await this.#subscribeTo(client, [probe.topic], probe.qos);
    ready.resolve(true);
  }

  /** A broker without `$SYS`, or that keeps it from us, is reported and watched all the same. */
  async #subscribeTo(client: MqttClient, filters: readonly string[], qos: 0 | 1 | 2): Promise<void> {
    await client.subscribeAsync([...filters], { qos }).catch((error: Error) => {
      if (!client.connected) return;
      const filter = filters.length > 1 ? `${filters[0]} and others` : filters[0]!;
      this.report(new MkbError('mqtt-subscription-refused', { filter, reason: error.message }, { cause: error }));
    });
  }

  #received(topic: string, payload: Buffer): void {
    // Neither figures nor probes are longer, and what is not ours is not turned into text.
    if (payload.length > 64) return;
    const text = payload.toString();
    if (this.#probe?.received(topic, text)) return;
    const figure = sysFigure(topic, text);
    if (!figure) return;
    this.#sysHeardAt = this.settings.now();
    this.readings.set(figure.metric, figure.labels, figure.value);
  }

  #confirmSys(): void {
    const silentMs = this.settings.now() - this.#sysHeardAt;
    if (!this.#client?.connected || silentMs > silentIntervals * this.#options.sysIntervalMs) return;
    for (const metric of sysMetrics) this.readings.confirm(metric);
  }

  async #sendProbe(probe: Probe, ready: boolean, signal: AbortSignal): Promise<void> {
    const { readings } = this;
    let failure: unknown;
    if (ready) {
      const tookMs = await probe.send(signal).catch(error => {
        failure = error;
      });
      if (tookMs !== undefined) readings.set('mqtt_probe_seconds', {}, tookMs / 1000);
    }
    const failed = !ready || failure !== undefined;
    readings.set('mqtt_probe_success', {}, Number(!failed));
    readings.add('mqtt_probe_attempts_total', {}, 1);
    readings.add('mqtt_probe_failures_total', {}, Number(failed));
    if (failure) throw failure;
  }

  #notReady(waitedMs: number): MkbError {
    return (
      this.#connectionError ?? new MkbError('mqtt-connect-timeout', { url: shownUrl(this.#options.url), waitedMs })
    );
  }
}
