/** Makes the PUBLISH packets of one connection: what the server takes, in as few bytes as it allows. */
import { MkbError } from '../../../api/errors.ts';
import type { ServerLimits } from '../handshake.ts';
import type { MqttVersion } from '../options.ts';
import { describe } from '../reasons.ts';
import type { Publication } from './publication.ts';
import { packetBytes, publishPacket, type Sending } from './publish-packet.ts';
import { TopicAliases } from './topic-aliases.ts';

export class Encoder {
  readonly version: MqttVersion;
  readonly #url: string;
  readonly #limits: ServerLimits;
  readonly #aliases: TopicAliases;
  readonly #reported = new Set<string>();

  /** @param url for errors */
  constructor(version: MqttVersion, url: string, limits: ServerLimits) {
    this.version = version;
    this.#url = url;
    this.#limits = limits;
    this.#aliases = new TopicAliases(limits.topicAliasMaximum);
  }

  /** QoS 1 and 2 messages that may be under way. */
  get receiveMaximum(): number {
    return this.#limits.receiveMaximum;
  }

  /**
   * What a message is sent with. Without QoS 2 it is QoS 1: it may come twice then, which is better than not at all. QoS 0 stands in for
   * nothing, since a message could be lost.
   */
  qosOf({ qos }: Publication): 0 | 1 | 2 {
    return qos === 2 && this.#limits.maximumQos === 1 ? 1 : qos;
  }

  /** Why this server does not take such a packet, for as long as its limits are these; undefined if it does. */
  problem(publication: Publication, sending: Sending): MkbError | undefined {
    const { topic, qos, retain } = publication;
    const { maximumQos, retainAvailable, maximumPacketSize: limit } = this.#limits;
    const url = this.#url;
    const refused = (code: number) =>
      new MkbError('mqtt-publish-refused', { topic, reason: `${describe(code)}, by the CONNACK of ${url}` });
    if (qos > 0 && maximumQos === 0) return refused(0x9b);
    if (retain && !retainAvailable) return refused(0x9a);
    const bytes = packetBytes(publication, sending);
    return bytes > limit ? new MkbError('mqtt-publish-too-large', { topic, bytes, limit, url }) : undefined;
  }

  /** What of messages is not sent as the document has it; each of these once. */
  omitted(publication: Publication, qos: number): readonly MkbError[] {
    const found: MkbError[] = [];
    if (qos < publication.qos) found.push(new MkbError('mqtt-qos-lowered', undefined));
    if (this.version === '3.1.1' && needsMqtt5(publication))
      found.push(new MkbError('mqtt-properties-omitted', undefined));
    return found.filter(({ code }) => !this.#reported.has(code) && this.#reported.add(code));
  }

  /** The packet, which must be sent, in the order of these calls: the server may learn a topic alias from it. */
  packet(publication: Publication, sending: Sending): Buffer {
    if (!this.#aliases.any || this.version !== '5') return publishPacket(publication, sending);
    const longest = { ...sending, alias: 1 };
    if (packetBytes(publication, longest) > this.#limits.maximumPacketSize) return publishPacket(publication, sending);
    return publishPacket(publication, { ...sending, ...this.#aliases.take(publication.topic) });
  }
}

/** Whether it has something that MQTT 3.1.1 does not know. */
function needsMqtt5({ userProperties, expiry, ...rest }: Publication): boolean {
  const { contentType, responseTopic, correlationData, payloadFormat } = rest;
  const own = [contentType, responseTopic, correlationData, payloadFormat, expiry];
  return userProperties.length > 0 || own.some(property => property !== undefined);
}
