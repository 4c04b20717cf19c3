/** What the answer to CONNECT means. Pure: a packet in, facts or an error out. */
import type { IConnackPacket } from 'mqtt-packet';
import { MkbError } from '../../api/errors.ts';
import type { ConnectionOptions } from './options.ts';
import { reasonError, returnCodes } from './reasons.ts';
import { violation } from './violation.ts';

/** CONNECT has two bytes for it, in seconds. */
const longestKeepAliveMs = 65_535_000;

/** What the server said in its CONNACK, in our units. */
export interface Welcome {
  readonly sessionPresent: boolean;
  /** Ours, or the Server Keep Alive that MQTT 5 lets the server choose [MQTT-3.2.2-21]. */
  readonly keepAliveMs: number;
  /** Ours, or what the server made of it (MQTT 5, 3.2.2.3.2). Undefined for MQTT 3.1.1, which has none. */
  readonly sessionExpirySeconds: number | undefined;
  readonly limits: ServerLimits;
}

/** What the server takes of us (MQTT 5, 3.2.2.3). MQTT 3.1.1 announces no limits. */
export interface ServerLimits {
  /** QoS 1 and 2 messages that we may have unacknowledged. */
  readonly receiveMaximum: number;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize: number;
  readonly maximumQos: number;
  readonly retainAvailable: boolean;
  /** Topic aliases that we may use; 0 for none. */
  readonly topicAliasMaximum: number;
  /** Whether a filter may have + or #. */
  readonly wildcardsAvailable: boolean;
  /** Whether there are `$share/` subscriptions. */
  readonly sharedAvailable: boolean;
  /** Whether a subscription may have an identifier. */
  readonly identifiersAvailable: boolean;
}

/**
 * Throws when the answer to a CONNECT of MQTT 5 is a CONNACK of 3.1.1, which has no properties: a server without MQTT 5 knows no other, and
 * some of them do not even look at the version.
 */
export function readOldConnack(bytes: Buffer): void {
  const [type, length, , code] = bytes;
  if (type !== 0x20 || length !== 2 || code === undefined) return;
  if (code > 1) throw reasonError(code, undefined, undefined, returnCodes);
  const what = code === 1 ? 'unacceptable protocol version (0x01)' : 'its CONNACK is one of MQTT 3.1.1';
  throw new MkbError('mqtt-version-unsupported', { reason: `${what}: it does not speak MQTT 5` });
}

/** Throws the error of the reason when the server refuses (reasons.ts). */
export function readConnack(packet: IConnackPacket, options: ConnectionOptions): Welcome {
  const properties = packet.properties;
  const code = options.version === '5' ? packet.reasonCode : packet.returnCode;
  if (code === undefined) throw violation(0x81, 'its CONNACK is cut off');
  if (code !== 0) {
    if (options.version === '3.1.1') throw reasonError(code, undefined, undefined, returnCodes);
    throw reasonError(code, properties?.reasonString, properties?.serverReference);
  }
  if (properties?.receiveMaximum === 0 || properties?.maximumPacketSize === 0)
    throw violation(0x82, 'its CONNACK has a Receive Maximum or a Maximum Packet Size of 0');
  const { serverKeepAlive, sessionExpiryInterval } = properties ?? {};
  return {
    // A client that asks for a new session has none of an old one, whatever the server says.
    sessionPresent: packet.sessionPresent && options.cleanStart !== true,
    keepAliveMs:
      serverKeepAlive === undefined ? Math.min(options.keepAliveMs, longestKeepAliveMs) : serverKeepAlive * 1000,
    sessionExpirySeconds: options.version === '5' ? (sessionExpiryInterval ?? options.sessionExpirySeconds) : undefined,
    limits: limitsIn(properties ?? {}),
  };
}

/** What CONNACK does not mention is not limited. */
function limitsIn(properties: NonNullable<IConnackPacket['properties']>): ServerLimits {
  return {
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    maximumQos: properties.maximumQoS ?? 2,
    retainAvailable: properties.retainAvailable ?? true,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    wildcardsAvailable: properties.wildcardSubscriptionAvailable ?? true,
    sharedAvailable: properties.sharedSubscriptionAvailable ?? true,
    identifiersAvailable: properties.subscriptionIdentifiersAvailable ?? true,
  };
}
