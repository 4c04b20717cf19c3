/** The exporter: a document in, a registry out that shows what the targets last said. */
import { randomBytes } from 'node:crypto';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';
import { bytes, durationMs } from '../api/units.ts';
import { kafkaLogin } from '../network/kafka/settings.ts';
import { tlsTexts } from '../network/tls-settings.ts';
import type { EmqxTargetSpec, ExporterDocument, KafkaTargetSpec, MqttTargetSpec } from './config/schema.ts';
import { EmqxTarget } from './emqx/target.ts';
import { KafkaTarget } from './kafka/target.ts';
import { clientSettings } from './mqtt/client.ts';
import { MqttTarget } from './mqtt/target.ts';
import { exporterRegistry, type Scraped } from './registry.ts';
import type { Target, TargetSettings } from './target.ts';

export interface ExporterOptions {
  readonly secrets: SecretSources;
  /** Called with every error, those that repeat among them. */
  readonly report: TargetSettings['report'];
  /** A clock that only goes forward, milliseconds. */
  readonly now?: () => number;
}

export interface Exporter {
  readonly registry: Scraped;
  /** Why it has nothing to show yet: a target that was not asked to the end once. A target that is down does show something. */
  missing(): readonly string[];
  start(): void;
  /** Ends all loops and connections. */
  stop(): Promise<void>;
}

/** Reads the secrets of a document, and connects to nothing yet. Throws `secret-unreadable`. */
export async function prepareExporter({ spec }: ExporterDocument, options: ExporterOptions): Promise<Exporter> {
  const { secrets, report, now = () => performance.now() } = options;
  const settings = { intervalMs: durationMs(spec.interval), timeoutMs: durationMs(spec.timeout), now, report };
  const targets: Target[] = await Promise.all([
    ...spec.mqtt.map(target => mqttTarget(target, settings, secrets)),
    ...spec.emqx.map(target => emqxTarget(target, settings, secrets, spec.aliases)),
    ...spec.kafka.map(target => kafkaTarget(target, settings, secrets)),
  ]);
  return {
    registry: exporterRegistry(
      targets.map(({ readings }) => readings),
      { withAliases: spec.aliases },
    ),
    missing: () => targets.filter(({ tried }) => !tried).map(({ kind, name }) => `${kind} ${name} was not asked yet`),
    start: () => {
      for (const target of targets) target.start();
    },
    stop: async () => {
      await Promise.all(targets.map(target => target.stop()));
    },
  };
}

async function mqttTarget(spec: MqttTargetSpec, settings: TargetSettings, secrets: SecretSources): Promise<Target> {
  const { name, url, sys, probe } = spec;
  // Two exporters, or an old and a new one for a moment, must not take the session from each other.
  const clientId = spec.clientId ?? `mkb-exporter-${name}-${randomBytes(4).toString('hex')}`;
  const client = await clientSettings(spec, clientId, settings, secrets);
  const sysIntervalMs = durationMs(spec.sysInterval);
  const own = probe && { probe: { topic: `${probe.topic}/${clientId}`, qos: probe.qos } };
  const limits = {
    ...(spec.queueLimit !== undefined && { queueMessages: spec.queueLimit }),
    ...(spec.memoryLimit !== undefined && { memoryBytes: bytes(spec.memoryLimit) }),
  };
  return new MqttTarget({ name, url, client, sys, sysIntervalMs, limits, ...own }, settings);
}

async function emqxTarget(
  spec: EmqxTargetSpec,
  settings: TargetSettings,
  secrets: SecretSources,
  withAliases: boolean,
): Promise<Target> {
  const { name, url, apiKey, tls, clients, queueLimit } = spec;
  const apiSecret = async () => (await resolveSecret(spec.apiSecret, secrets)).reveal();
  const readTls = tls && (() => tlsTexts(tls, secrets, `spec.emqx (${name}).tls`));
  await Promise.all([apiSecret(), readTls?.()]);
  const api = { url, apiKey, apiSecret, ...(readTls && { tls: readTls }) };
  return new EmqxTarget({ name, api, clients, withAliases, ...(queueLimit !== undefined && { queueLimit }) }, settings);
}

async function kafkaTarget(spec: KafkaTargetSpec, settings: TargetSettings, secrets: SecretSources): Promise<Target> {
  const { name, bootstrapServers, topics, partitions, groups } = spec;
  return new KafkaTarget(
    {
      name,
      bootstrapServers,
      login: await kafkaLogin(spec, secrets, `spec.kafka (${name})`),
      topics: { include: topics.include ?? ['*'], exclude: topics.exclude ?? ['__*'] },
      partitions: {
        include: partitions.include ?? (topics.include ?? []).filter(pattern => !pattern.includes('*')),
        exclude: partitions.exclude ?? [],
      },
      groups: { include: groups.include ?? ['*'], exclude: groups.exclude ?? [] },
    },
    settings,
  );
}
