/**
 * The packets that are rare: CONNECT, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT out, CONNACK, SUBACK, UNSUBACK and DISCONNECT in, all by
 * `mqtt-packet`.
 *
 * Its parser is given one whole packet at a time. It reports errors by an event, and for some cut-off packets it throws; here both
 * are the server's violation of the protocol.
 */
import mqttPacket from 'mqtt-packet';
import type { ConnectionOptions, Subscription } from './options.ts';
import { violation } from './violation.ts';

export const pingreq: Buffer = Buffer.from([0xc0, 0]);

const protocolVersion = { '5': 5, '3.1.1': 4 } as const;

/** CONNECT that takes up the session of `clientId` (Clean Start 0, or Clean Session 0) unless it is to be a new one. */
export function connectPacket(options: ConnectionOptions): Buffer {
  const { username, password } = options;
  return mqttPacket.generate({
    cmd: 'connect',
    protocolVersion: protocolVersion[options.version],
    clean: options.cleanStart ?? false,
    clientId: options.clientId,
    keepalive: keepAliveSeconds(options.keepAliveMs),
    ...(username !== undefined || password !== undefined ? { username: username ?? '' } : {}),
    ...(password !== undefined ? { password: Buffer.from(password as string) } : {}),
    ...(options.version === '5'
      ? {
          properties: {
            sessionExpiryInterval: options.sessionExpirySeconds,
            receiveMaximum: options.receiveMaximum,
            maximumPacketSize: options.maximumPacketSize,
          },
        }
      : {}),
  });
}

/** Whole seconds, as CONNECT has them: at least 1 unless it is off. */
const keepAliveSeconds = (ms: number): number => (ms === 0 ? 0 : Math.min(65_535, Math.max(1, Math.round(ms / 1000))));

/** Which retained messages come with a subscription (MQTT 5, 3.8.3.1: Retain Handling). */
const retainHandling = { all: 0, new: 1, none: 2 } as const;

/**
 * One SUBSCRIBE for these filters. Retain As Published is off, so that RETAIN means the same as in MQTT 3.1.1: the server had stored the
 * message before we subscribed. A message that is published now never has it, even if its publisher set it.
 *
 * @param identifier the Subscription Identifier of all these filters (MQTT 5)
 */
export function subscribePacket(
  { version, retained = 'new' }: ConnectionOptions,
  packetId: number,
  subscriptions: readonly Subscription[],
  identifier?: number,
): Buffer {
  const options = { nl: false, rap: false, rh: retainHandling[retained] };
  const packet = {
    cmd: 'subscribe',
    messageId: packetId,
    subscriptions: subscriptions.map(({ filter, qos }) => ({ topic: filter, qos, ...options })),
    ...(identifier !== undefined && { properties: { subscriptionIdentifier: identifier } }),
  } as const;
  return mqttPacket.generate(packet, { protocolVersion: protocolVersion[version] });
}

export function unsubscribePacket(version: '5' | '3.1.1', packetId: number, filters: readonly string[]): Buffer {
  const packet = { cmd: 'unsubscribe' as const, messageId: packetId, unsubscriptions: [...filters] };
  return mqttPacket.generate(packet, { protocolVersion: protocolVersion[version] });
}

/**
 * @param reasonCode 0x00 keeps the session and is a good end; others say what the server did wrong. MQTT 3.1.1 sends none.
 * @param endsSession has a server of MQTT 5 forget the session
 */
export function disconnectPacket(version: '5' | '3.1.1', reasonCode: number, endsSession = false): Buffer {
  const properties = endsSession ? { sessionExpiryInterval: 0 } : undefined;
  const options = { protocolVersion: protocolVersion[version] };
  return mqttPacket.generate({ cmd: 'disconnect', reasonCode, ...(properties && { properties }) }, options);
}

/**
 * Decodes one whole packet, header included.
 * Throws `mqtt-protocol-error` when it is malformed, or not what `version` has.
 */
export function decodeControl(bytes: Buffer, version: '5' | '3.1.1'): mqttPacket.Packet {
  const parser = mqttPacket.parser({ protocolVersion: protocolVersion[version] });
  let packet: mqttPacket.Packet | undefined;
  let problem: unknown;
  parser.on('packet', decoded => {
    packet = decoded;
  });
  parser.on('error', error => {
    problem ??= error;
  });
  try {
    parser.parse(bytes);
  } catch (error) {
    problem ??= error;
  }
  if (packet === undefined || problem !== undefined) {
    const why = problem instanceof Error ? `: ${problem.message}` : '';
    throw violation(0x81, `a packet with the first byte 0x${bytes[0]?.toString(16)} is malformed${why}`);
  }
  return packet;
}
