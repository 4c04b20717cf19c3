/** From `mqtt.listen` and `mqtt.clients` to what the listener takes: quantities as numbers, secrets revealed. */
import type { BridgeSpec, MqttKafkaBridge } from '../api/bridge.ts';
import { whyOneReplica } from '../api/replicas.ts';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';
import { bytes, durationMs } from '../api/units.ts';
import { checkTlsTexts } from '../network/tls-settings.ts';
import { memoryBytes } from './buffer-settings.ts';
import { ClientAttributes } from './listen/login/attributes.ts';
import type { ClientLimits, ListenOptions, PortOptions, ServerTls } from './listen/options.ts';
import type { SessionLimits } from './listen/sessions.ts';
import { loginOptions } from './login-settings.ts';

type Port = NonNullable<BridgeSpec['mqtt']['listen']>[number];
type Clients = NonNullable<BridgeSpec['mqtt']['clients']>;

/** Undefined for a bridge that connects to a broker. Throws `secret-unreadable`, `tls-invalid`, `password-file-invalid` and `jwt-keys-invalid`. */
export async function listenOptions(
  { spec }: MqttKafkaBridge,
  secrets: SecretSources,
): Promise<ListenOptions | undefined> {
  const { listen, clients } = spec.mqtt;
  if (listen === undefined) return undefined;
  return {
    ports: await Promise.all(listen.map((port, index) => portOptions(port, `spec.mqtt.listen[${index}].tls`, secrets))),
    limits: limitsOf(spec),
    login: await loginOptions(clients, secrets),
    attributes: new ClientAttributes(
      (clients?.attributes ?? []).map(({ name, from, pattern }) => ({ name, from, pattern })),
    ),
    access: { publish: clients?.publish, subscribe: clients?.subscribe },
    sessions: sessionLimits(spec),
    topics: spec.rules.flatMap(({ sinks }) => sinks.flatMap(({ mqtt }) => mqtt?.topic ?? [])),
    stateless: whyOneReplica(spec) === undefined,
    route: clients?.route ?? false,
  };
}

async function portOptions(
  { port, host, tls, webSocket }: Port,
  section: string,
  secrets: SecretSources,
): Promise<PortOptions> {
  const readTls = tls && (() => tlsOf(tls, section, secrets));
  return { port, host, tls: await readTls?.(), readTls, webSocketPath: webSocket?.path };
}

async function tlsOf(tls: NonNullable<Port['tls']>, section: string, secrets: SecretSources): Promise<ServerTls> {
  const reveal = async (secret: typeof tls.cert) => (await resolveSecret(secret, secrets)).reveal();
  const texts: ServerTls = {
    cert: await reveal(tls.cert),
    key: await reveal(tls.key),
    passphrase: tls.passphrase && (await reveal(tls.passphrase)),
    clientCa: tls.clientCa && (await reveal(tls.clientCa)),
  };
  const { cert, key, passphrase, clientCa } = texts;
  checkTlsTexts(
    { cert, key, ...(passphrase !== undefined && { passphrase }), ...(clientCa !== undefined && { ca: clientCa }) },
    section,
  );
  return texts;
}

/** What a document without the sections means. */
const usual = {
  limits: {
    connections: 10_000,
    connectRate: 1000,
    packetTimeout: '30s',
    keepAlive: '1h',
    subscriptions: 100,
    failedLogins: 120,
  },
  sessions: { expiry: '1d', away: 10_000, messages: 1000, maxBytes: '1MiB', maxAge: '1d' },
} as const;

/** Ticks of the listener a millisecond. */
const ticksAMs = 1 / 500;

function sessionLimits(spec: BridgeSpec): SessionLimits {
  const { clients } = spec.mqtt;
  const { expiry, away, messages, maxBytes, maxAge }: Clients['sessions'] = clients?.sessions ?? usual.sessions;
  const { subscriptions }: Clients['limits'] = clients?.limits ?? usual.limits;
  return {
    expirySeconds: Math.round(durationMs(expiry) / 1000),
    away,
    subscriptions,
    messages,
    bytes: bytes(maxBytes),
    ageTicks: Math.ceil(durationMs(maxAge) * ticksAMs),
    allBytes: memoryBytes(spec),
  };
}

function limitsOf(spec: BridgeSpec): ClientLimits {
  const { mqtt } = spec;
  const limits: Clients['limits'] = mqtt.clients?.limits ?? usual.limits;
  return {
    connections: limits.connections,
    connectionsPerAddress: limits.connectionsPerAddress ?? Number.POSITIVE_INFINITY,
    failedLogins: limits.failedLogins,
    connectRate: limits.connectRate,
    messageRate: limits.messageRate ?? Number.POSITIVE_INFINITY,
    byteRate: limits.byteRate === undefined ? Number.POSITIVE_INFINITY : bytes(limits.byteRate),
    maximumPacketSize: bytes(mqtt.maximumPacketSize),
    receiveMaximum: mqtt.receiveMaximum,
    connectTimeoutMs: durationMs(mqtt.connectTimeout),
    packetTimeoutMs: durationMs(limits.packetTimeout),
    keepAliveSeconds: Math.round(durationMs(limits.keepAlive) / 1000),
    heldBytes: memoryBytes(spec),
    serverReference: mqtt.clients?.serverReference,
  };
}
