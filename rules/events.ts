/**
 * What happens to the bridge itself, as rules read it: FROM "$events/message/dropped". A name is EMQX's where it means the same.
 *
 * EMQX is a broker, and most of its events are of other clients: their connections, their subscriptions, what is delivered to them. Behind a
 * broker nobody sees those, so they are refused by name, with the reason.
 */
import type { Value } from './value.ts';

/** What an event has columns of: a message that was given up, or one of the bridge's own connections. */
export type EventKind = 'loss' | 'connection';

export type EventName =
  | 'message.dropped'
  | 'message.dead_lettered'
  | 'bridge.mqtt_connected'
  | 'bridge.mqtt_disconnected'
  | 'bridge.kafka_connected'
  | 'bridge.kafka_disconnected';

export interface EventDefinition {
  /** The value of the column `event`. */
  readonly name: EventName;
  /** As FROM names it, after `$events/`; the first is the one to write. */
  readonly sources: readonly [string, ...string[]];
  readonly kind: EventKind;
  readonly description: string;
}

export const eventPrefix = '$events/';

export const events: readonly EventDefinition[] = [
  {
    name: 'message.dropped',
    sources: ['message/dropped', 'message_dropped'],
    kind: 'loss',
    description:
      'A message, or what a rule made of it, failed permanently and went nowhere; `reason` is that of the metric. What a buffer drops is one event for each group, without a topic; `error_message` says how many.',
  },
  {
    name: 'message.dead_lettered',
    sources: ['message/dead_lettered'],
    kind: 'loss',
    description: 'A message, or what a rule made of it, failed permanently, and its dead letter is on its way.',
  },
  {
    name: 'bridge.mqtt_connected',
    sources: ['bridge/mqtt_connected'],
    kind: 'connection',
    description: 'The bridge is connected to the MQTT broker, and subscribed.',
  },
  {
    name: 'bridge.mqtt_disconnected',
    sources: ['bridge/mqtt_disconnected'],
    kind: 'connection',
    description: 'That connection is lost; `reason` and `error_message` say why.',
  },
  {
    name: 'bridge.kafka_connected',
    sources: ['bridge/kafka_connected'],
    kind: 'connection',
    description: 'At least one Kafka broker is connected.',
  },
  {
    name: 'bridge.kafka_disconnected',
    sources: ['bridge/kafka_disconnected'],
    kind: 'connection',
    description: 'The last Kafka broker is gone. The record of it is written when one is back.',
  },
];

/** Something that happened. What does not belong to its kind is undefined. */
export interface BridgeEvent {
  readonly event: EventName;
  /** When, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Why: the reason that a drop is counted under, or the code of an error. */
  readonly reason?: string | undefined;
  readonly error_message?: string | undefined;
  /** The code of the error that a message failed with. */
  readonly error?: string | undefined;
  /** The rule that could not go on. */
  readonly rule?: string | undefined;
  readonly topic?: string | undefined;
  readonly payload?: Buffer | undefined;
  readonly qos?: 0 | 1 | 2 | undefined;
  readonly retain?: boolean | undefined;
  readonly clientid?: string | undefined;
  /** The MQTT broker's address. */
  readonly server?: string | undefined;
  readonly session_present?: boolean | undefined;
  /** The payload decoded as JSON. Throws `payload-not-json`. */
  json(): Value;
}

/** An event without what the bridge adds when it hands it over. */
export type Happening = Omit<BridgeEvent, 'event' | 'timestamp' | 'json'>;

/** The event of a name after `$events/`. */
export const findEvent = (source: string): EventDefinition | undefined =>
  events.find(({ sources }) => sources.includes(source));

/** Events of EMQX that only a broker sees, and what to use instead. A slash may be an underscore, as in older versions. */
const ofBrokers: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /^client[/_](connected|disconnected|connack|ping)$/,
    reason:
      'only an MQTT broker sees connections of clients; those of the bridge itself are "$events/bridge/mqtt_connected" and "..._disconnected"',
  },
  { pattern: /^client[/_]check_|^auth[/_]/, reason: 'only an MQTT broker sees who logs in' },
  { pattern: /^session[/_]/, reason: 'only an MQTT broker sees who subscribes' },
  {
    pattern: /^(message[/_](delivered|acked|delivery_dropped)|delivery_dropped)$/,
    reason: 'only an MQTT broker sees what it delivers to clients; what the bridge drops is "$events/message/dropped"',
  },
  { pattern: /^(sys[/_])?alarm_|^sys[/_]/, reason: 'an alarm of EMQX; alerts of the bridge are rules of Prometheus' },
  {
    pattern: /^(message_transformation|schema_validation)[/_]/,
    reason: 'a feature of EMQX; what fails in a rule is "$events/message/dropped" or "$events/message/dead_lettered"',
  },
];

/** Why an event cannot be had; undefined for a name that is none of EMQX either. */
export const eventRefusal = (source: string): string | undefined =>
  ofBrokers.find(({ pattern }) => pattern.test(source))?.reason;
