import { decodeJson } from '../../rules/json.ts';
import type { Message, Publisher } from '../../rules/message.ts';
import type { Value, ValueMap } from '../../rules/value.ts';
import { NamedSubscriptions } from './named-subscriptions.ts';
import { decodeProperties, noProperties, type PublishProperties } from './properties.ts';

/** Why a message is for no rule: it was stored and is not asked for; or it is of a subscription that an older document had. */
export type Unwanted = 'retained' | 'old_subscription';

/**
 * The PUBLISH that is being handed over: one object per session, pointed at the next packet each time.
 *
 * What a rule may not ask for is decoded when it does, and kept for as long as `arrival` stays the same. The fields say where the
 * packet lies; they and all views of the payload are valid only during the handler's call.
 */
export class MqttMessage implements Message {
  /** The bytes that the packet lies in: a socket read, or the packet alone when it was split over reads. */
  buffer: Buffer = Buffer.alloc(0);
  /** The payload in `buffer`: first byte, and one past the last. */
  payloadStart = 0;
  payloadEnd = 0;
  /** The MQTT 5 properties in `buffer`, without their length. Empty for MQTT 3.1.1. */
  propertiesStart = 0;
  propertiesEnd = 0;
  topic = '';
  qos: 0 | 1 | 2 = 0;
  /** The packet's first byte: type, DUP, QoS, RETAIN. */
  flags = 0;
  /** 1 to 65,535; 0 for QoS 0. */
  packetId = 0;
  /** Which of our subscriptions this copy is for. None named: for all that match. */
  named = new NamedSubscriptions();
  /** Why no rule gets it, if none does; it is acknowledged and counted all the same. */
  unwanted: Unwanted | undefined;
  /** Bytes of the whole packet if it is larger than is taken; 0 for all others. Of such a one only the payload's beginning is here. */
  oversizeBytes = 0;
  /** Bytes of its payload that are not here. */
  missingBytes = 0;
  /** The session's number of this message. */
  arrival = -1;
  /** When the socket read that held it came, milliseconds since 1970. */
  timestamp = 0;

  /** Who sent it. Behind a broker a PUBLISH does not say: undefined. */
  publisher: Publisher | undefined;

  readonly #idPrefix: string;
  #payload: Buffer | undefined;
  #payloadOf = -1;
  #json: Value;
  #jsonOf = -1;
  #properties: PublishProperties = noProperties;
  #propertiesOf = -1;

  /** @param idPrefix eight hexadecimal digits that no other session of this process has */
  constructor(idPrefix: string) {
    this.#idPrefix = idPrefix;
  }

  get clientid(): string | undefined {
    return this.publisher?.clientid;
  }

  get username(): string | undefined {
    return this.publisher?.username;
  }

  get peerhost(): string | undefined {
    return this.publisher?.peerhost;
  }

  get peername(): string | undefined {
    return this.publisher?.peername;
  }

  get clean_start(): boolean | undefined {
    return this.publisher?.clean_start;
  }

  get proto_ver(): number | undefined {
    return this.publisher?.proto_ver;
  }

  get client_attrs(): ValueMap | undefined {
    return this.publisher?.client_attrs;
  }

  get retain(): boolean {
    return (this.flags & 1) !== 0;
  }

  get dup(): boolean {
    return (this.flags & 8) !== 0;
  }

  get payload(): Buffer {
    if (this.#payloadOf !== this.arrival || this.#payload === undefined) {
      this.#payload = this.buffer.subarray(this.payloadStart, this.payloadEnd);
      this.#payloadOf = this.arrival;
    }
    return this.#payload;
  }

  /** 32 hexadecimal digits, in the order of arrival: time, then a count, with the session between. */
  get id(): string {
    return (hex(this.timestamp) + this.#idPrefix + hex(this.arrival % 2 ** 48)).toUpperCase();
  }

  get properties(): Readonly<Record<string, unknown>> {
    return this.#decoded().named;
  }

  get userProperties(): readonly (readonly [name: string, value: string])[] {
    return this.#decoded().user;
  }

  /** The same message as an object of its own, which stays what it is when this one is pointed at the next. */
  copy(): MqttMessage {
    const start = Math.min(this.propertiesStart, this.payloadStart);
    const copy = Object.assign(new MqttMessage(this.#idPrefix), {
      ...this,
      buffer: Buffer.from(this.buffer.subarray(start, this.payloadEnd)),
      named: this.named.copy(),
      propertiesStart: this.propertiesStart - start,
      propertiesEnd: this.propertiesEnd - start,
      payloadStart: this.payloadStart - start,
      payloadEnd: this.payloadEnd - start,
    });
    // What was decoded has no bytes of the buffer in it.
    copy.#json = this.#json;
    copy.#jsonOf = this.#jsonOf;
    return copy;
  }

  json(): Value {
    if (this.#jsonOf !== this.arrival) {
      this.#json = decodeJson(this.payload);
      this.#jsonOf = this.arrival;
    }
    return this.#json;
  }

  #decoded(): PublishProperties {
    if (this.#propertiesOf !== this.arrival) {
      this.#properties = decodeProperties(this.buffer, this.propertiesStart, this.propertiesEnd);
      this.#propertiesOf = this.arrival;
    }
    return this.#properties;
  }
}

const hex = (value: number): string => value.toString(16).padStart(12, '0');
