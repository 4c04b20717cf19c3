/** What the answers to CONNECT, SUBSCRIBE and UNSUBSCRIBE mean. Pure: packets in, facts or an error out. */
import type { IConnackPacket, ISubackPacket, IUnsubackPacket } from 'mqtt-packet';
import { MkbError } from '../../api/errors.ts';
import { requestId } from './control-packets.ts';
import type { SessionOptions, Subscription } from './options.ts';
import { describe, reasonError, returnCodes } from './reasons.ts';
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

/** What the server takes of us (MQTT 5, 3.2.2.3). MQTT 3.1.1 has no limits that one is told of. */
export interface ServerLimits {
  /** QoS 1 and 2 messages that we may have unacknowledged. */
  readonly receiveMaximum: number;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize: number;
  readonly maximumQos: number;
  readonly retainAvailable: boolean;
}

/** One filter of a SUBACK. A grant below what was asked is not an error: the server sends what it can. */
export interface Grant {
  readonly filter: string;
  readonly asked: 0 | 1 | 2;
  readonly granted: 0 | 1 | 2;
}

/** Throws the error of the reason when the server refuses (reasons.ts). */
export function readConnack(packet: IConnackPacket, options: SessionOptions): Welcome {
  const properties = packet.properties;
  const code = options.version === '5' ? packet.reasonCode : packet.returnCode;
  if (code === undefined) throw violation(0x81, 'its CONNACK is cut off');
  if (code !== 0) {
    if (options.version === '3.1.1') throw reasonError(code, undefined, undefined, returnCodes);
    throw reasonError(code, properties?.reasonString, properties?.serverReference);
  }
  const { serverKeepAlive, sessionExpiryInterval } = properties ?? {};
  const { receiveMaximum, maximumPacketSize, maximumQoS, retainAvailable } = properties ?? {};
  return {
    sessionPresent: packet.sessionPresent,
    keepAliveMs:
      serverKeepAlive === undefined ? Math.min(options.keepAliveMs, longestKeepAliveMs) : serverKeepAlive * 1000,
    sessionExpirySeconds: options.version === '5' ? (sessionExpiryInterval ?? options.sessionExpirySeconds) : undefined,
    limits: {
      receiveMaximum: receiveMaximum ?? 65_535,
      maximumPacketSize: maximumPacketSize ?? Number.POSITIVE_INFINITY,
      maximumQos: maximumQoS ?? 2,
      retainAvailable: retainAvailable ?? true,
    },
  };
}

/** Throws `mqtt-subscription-refused` for the first filter that is refused: part of the messages is not what a rule asked for. */
export function readSuback(packet: ISubackPacket, subscriptions: readonly Subscription[]): Grant[] {
  if (packet.messageId !== requestId) throw violation(0x82, 'it sent a SUBACK that nobody waits for');
  const codes = packet.granted as number[];
  if (codes.length !== subscriptions.length) {
    throw violation(0x82, `its SUBACK has ${codes.length} reason codes for ${subscriptions.length} topic filters`);
  }
  return subscriptions.map(({ filter, qos }, index) => {
    const code = codes[index] as number;
    if (code > 2) {
      throw new MkbError('mqtt-subscription-refused', {
        filter,
        reason: describe(code, packet.properties?.reasonString),
      });
    }
    return { filter, asked: qos, granted: code as 0 | 1 | 2 };
  });
}

/** Throws `mqtt-unsubscription-refused` if the server keeps a subscription. That there was none is no refusal; MQTT 3.1.1 has none. */
export function readUnsuback(packet: IUnsubackPacket): void {
  const code = packet.granted?.find(each => each >= 0x80);
  if (code !== undefined)
    throw new MkbError('mqtt-unsubscription-refused', { reason: describe(code, packet.properties?.reasonString) });
}
