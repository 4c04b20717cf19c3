/** The packets that a server sends beside acknowledgements, which are rare: CONNACK, SUBACK, UNSUBACK and DISCONNECT, by `mqtt-packet`. */
import mqttPacket, { type IConnackPacket, type ISubackPacket } from 'mqtt-packet';

export const pingresp: Buffer = Buffer.from([0xd0, 0]);

type Version = '5' | '3.1.1';
const protocolVersion = { '5': 5, '3.1.1': 4 } as const;

export interface Welcome {
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  /** The client id that was made for the client. */
  readonly assignedClientId: string | undefined;
  /** Seconds, if it is not what the client asked for. */
  readonly serverKeepAlive: number | undefined;
  /** Seconds. */
  readonly sessionExpiry: number;
  /** Whether a client can subscribe to anything. */
  readonly subscribable: boolean;
}

/** Nothing is retained here, and CONNACK says so. */
export function connack(version: Version, welcome: Welcome, sessionPresent: boolean): Buffer {
  const { receiveMaximum, maximumPacketSize, topicAliasMaximum, assignedClientId, serverKeepAlive } = welcome;
  const { sessionExpiry, subscribable } = welcome;
  const properties: NonNullable<IConnackPacket['properties']> = {
    sessionExpiryInterval: sessionExpiry,
    receiveMaximum,
    retainAvailable: false,
    maximumPacketSize,
    topicAliasMaximum,
    wildcardSubscriptionAvailable: subscribable,
    subscriptionIdentifiersAvailable: subscribable,
    sharedSubscriptionAvailable: subscribable,
    ...(assignedClientId !== undefined && { assignedClientIdentifier: assignedClientId }),
    ...(serverKeepAlive !== undefined && { serverKeepAlive }),
  };
  const packet = { cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent } as const;
  return mqttPacket.generate(version === '5' ? { ...packet, properties } : packet, opts(version));
}

/** What a reason code of MQTT 5 is as a return code of MQTT 3.1.1 (3.2.2.3). One that has none: the connection is closed without an answer. */
const returnCodes: Readonly<Record<number, number>> = {
  132: 1,
  133: 2,
  134: 4,
  135: 5,
  136: 3,
  137: 3,
  140: 5,
  144: 5,
  151: 3,
  159: 3,
};

/**
 * The CONNACK that refuses a client; undefined where MQTT 3.1.1 has no word for the reason.
 * @param maximumPacketSize of the client: the reason is left out where it makes the packet larger [MQTT-3.2.2-19]
 */
export function refusal(
  version: Version,
  reasonCode: number,
  reason: string,
  maximumPacketSize = Number.POSITIVE_INFINITY,
): Buffer | undefined {
  const returnCode = returnCodes[reasonCode];
  if (version === '3.1.1' && returnCode === undefined) return undefined;
  const packet = { cmd: 'connack', sessionPresent: false, reasonCode, returnCode: returnCode ?? 0 } as const;
  const full = version === '5' ? { ...packet, properties: { reasonString: reason } } : packet;
  const bytes = mqttPacket.generate(full, opts(version));
  return bytes.length <= maximumPacketSize ? bytes : mqttPacket.generate(packet, opts(version));
}

/** @param serverReference where the client is to go */
export function disconnect(reasonCode: number, reason: string, serverReference?: string): Buffer {
  const properties = { reasonString: reason, ...(serverReference !== undefined && { serverReference }) };
  return mqttPacket.generate({ cmd: 'disconnect', reasonCode, properties }, opts('5'));
}

/**
 * @param reasonCodes one for each filter
 * @param reason why the first of those that are refused is
 */
export function suback(version: Version, messageId: number, reasonCodes: readonly number[], reason?: string): Buffer {
  const granted = reasonCodes.map(code => (version === '5' || code < 0x80 ? code : 0x80));
  const packet: ISubackPacket = { cmd: 'suback', messageId, granted: granted as ISubackPacket['granted'] };
  const says = version === '5' && reason !== undefined;
  return mqttPacket.generate(says ? { ...packet, properties: { reasonString: reason } } : packet, opts(version));
}

/** @param reasonCodes one for each filter */
export function unsuback(version: Version, messageId: number, reasonCodes: readonly number[]): Buffer {
  return mqttPacket.generate({ cmd: 'unsuback', messageId, granted: [...reasonCodes] }, opts(version));
}

const opts = (version: Version) => ({ protocolVersion: protocolVersion[version] });
