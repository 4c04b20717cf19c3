/**
 * The properties of a PUBLISH (MQTT 5, 3.3.2.3), decoded only when a rule asks for them.
 *
 * They carry the names that EMQX's rules use. A property of the standard is set once; User-Property keeps order and duplicates
 * as pairs, and is a map (the last of a name wins) only where a rule wants a map.
 */
import { PropertyWalk, property } from './property-walk.ts';

export interface PublishProperties {
  /** Null prototype: a user property may be called `__proto__`. */
  readonly named: Readonly<Record<string, unknown>>;
  readonly user: readonly (readonly [name: string, value: string])[];
}

export const noProperties: PublishProperties = {
  named: Object.freeze(Object.create(null) as Record<string, unknown>),
  user: [],
};

type Decode = (walk: PropertyWalk) => unknown;

const number: Decode = walk => walk.number;
const text: Decode = walk => walk.text();

/** Those with a name. A subscription identifier is named in the packet by the server for us, and is no property of the message (named-subscriptions.ts). */
const named: Readonly<Record<number, readonly [name: string, decode: Decode]>> = {
  [property.payloadFormatIndicator]: ['Payload-Format-Indicator', number],
  [property.messageExpiryInterval]: ['Message-Expiry-Interval', number],
  [property.contentType]: ['Content-Type', text],
  [property.responseTopic]: ['Response-Topic', text],
  // A copy: the buffer is the socket's and is overwritten by the next read.
  [property.correlationData]: ['Correlation-Data', walk => Buffer.from(walk.buffer.subarray(walk.start, walk.end))],
  [property.topicAlias]: ['Topic-Alias', number],
};

const walk = new PropertyWalk();

/**
 * Decodes the properties in `buffer` from `start` to `end` (without their length). Everything in the result is copied.
 * Throws `mqtt-protocol-error` for an unknown property or one that is cut off.
 */
export function decodeProperties(buffer: Buffer, start: number, end: number): PublishProperties {
  if (start === end) return noProperties;
  const values: Record<string, unknown> = Object.create(null);
  const user: (readonly [string, string])[] = [];
  walk.begin(buffer, start, end);
  for (let id = walk.next(); id !== 0; id = walk.next()) {
    if (id === property.userProperty) {
      user.push([walk.name(), walk.text()]);
      continue;
    }
    const entry = named[id];
    if (entry !== undefined) values[entry[0]] = entry[1](walk);
  }
  if (user.length > 0) nameUserProperties(values, user);
  return { named: values, user };
}

function nameUserProperties(values: Record<string, unknown>, user: readonly (readonly [string, string])[]): void {
  const map: Record<string, string> = Object.create(null);
  for (const [key, value] of user) map[key] = value;
  values['User-Property'] = map;
  values['User-Property-Pairs'] = user.map(([key, value]) => ({ key, value }));
}
