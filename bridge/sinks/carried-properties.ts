/**
 * The MQTT 5 properties that a message came with, for a message that is to have them too.
 *
 * Of an MQTT message they are its own. Of a Kafka record they are the headers that `mqttHeaders` of a Kafka sink writes, and its other headers as
 * user properties, in order and with duplicates. A header is anybody's bytes: what MQTT cannot carry is left out and counted, for it is no
 * reason to lose the message.
 */
import { isUtf8 } from 'node:buffer';
import type { KafkaRecord } from '../../rules/message.ts';
import type { Origin } from '../../rules/rule.ts';
import { MqttMessage } from '../mqtt/message.ts';
import { property } from '../mqtt/property-walk.ts';
import type { Publication } from '../mqtt/publisher/publication.ts';
import { largestExpiry } from '../mqtt/publisher/publication.ts';
import { stringProblem, topicProblem } from '../mqtt/publisher/publication-problem.ts';
import { mqttHeaderPrefix, propertyHeaders } from './mqtt-headers.ts';
import { timeOfOrigin } from './values.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type Carried = Mutable<
  Pick<Publication, 'contentType' | 'responseTopic' | 'correlationData' | 'payloadFormat' | 'expiry'>
> & { userProperties: (readonly [name: string, value: string])[] };

/** A property as its header has it: text, a number in digits, or bytes. */
type Take = (carried: Carried, value: Buffer, origin: Origin) => boolean;

const longestBytes = 65_535;

const takes: Readonly<Record<string, Take>> = {
  [propertyHeaders[property.contentType]!]: (carried, value) => {
    const text = textOf(value);
    if (text === undefined) return false;
    carried.contentType = text;
    return true;
  },
  [propertyHeaders[property.responseTopic]!]: (carried, value) => {
    const text = textOf(value);
    if (text === undefined || topicProblem(text) !== undefined) return false;
    carried.responseTopic = text;
    return true;
  },
  [propertyHeaders[property.correlationData]!]: (carried, value) => {
    if (value.length > longestBytes) return false;
    carried.correlationData = Buffer.from(value);
    return true;
  },
  [propertyHeaders[property.payloadFormatIndicator]!]: (carried, value) => {
    const format = numberOf(value, 1);
    if (format === undefined) return false;
    carried.payloadFormat = format as 0 | 1;
    return true;
  },
  [propertyHeaders[property.messageExpiryInterval]!]: (carried, value, origin) => {
    const seconds = numberOf(value, largestExpiry);
    if (seconds === undefined) return false;
    // A clock ahead of ours must not make it live longer.
    carried.expiry = { seconds, from: Math.min(timeOfOrigin(origin), Date.now()) };
    return true;
  },
};

const none: Carried = { userProperties: [] };

/** @param omitted called for each that is left out */
export function carriedBy(origin: Origin, omitted: () => void): Carried {
  if (origin instanceof MqttMessage) return ofMessage(origin);
  return 'rawHeaders' in origin ? ofRecord(origin, omitted) : none;
}

function ofMessage(message: MqttMessage): Carried {
  const { properties, timestamp, userProperties } = message;
  const seconds = properties['Message-Expiry-Interval'] as number | undefined;
  return {
    userProperties: [...userProperties],
    contentType: properties['Content-Type'] as string | undefined,
    responseTopic: properties['Response-Topic'] as string | undefined,
    correlationData: properties['Correlation-Data'] as Buffer | undefined,
    payloadFormat: properties['Payload-Format-Indicator'] as 0 | 1 | undefined,
    ...(seconds !== undefined && { expiry: { seconds, from: timestamp } }),
  };
}

function ofRecord(record: KafkaRecord, omitted: () => void): Carried {
  const carried: Carried = { userProperties: [] };
  for (const [name, value = Buffer.alloc(0)] of record.rawHeaders) {
    if (name.startsWith(mqttHeaderPrefix)) {
      // Topic, QoS and the like are the sink's to say.
      const take = Object.hasOwn(takes, name) ? takes[name] : undefined;
      if (take?.(carried, value, record) === false) omitted();
      continue;
    }
    const text = textOf(value);
    if (text === undefined || stringProblem(name) !== undefined) omitted();
    else carried.userProperties.push([name, text]);
  }
  return carried;
}

function textOf(value: Buffer): string | undefined {
  if (!isUtf8(value)) return undefined;
  const text = value.toString();
  return stringProblem(text) === undefined ? text : undefined;
}

function numberOf(value: Buffer, most: number): number | undefined {
  const text = value.toString('latin1');
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number <= most ? number : undefined;
}

/** Without what a CloudEvent has for itself: its attributes, as either protocol names them, and its content type. */
export function besideEvent(
  pairs: readonly (readonly [name: string, value: string])[],
  attributes: ReadonlySet<string>,
): readonly (readonly [name: string, value: string])[] {
  return pairs.filter(([name]) => {
    const lower = name.toLowerCase();
    return !attributes.has(name) && !lower.startsWith('ce_') && lower !== 'content-type';
  });
}
