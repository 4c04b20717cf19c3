/** Events made by hand, to try a rule on: for `mkb eval`, the REPL and `mkb test`. */
import { type BridgeEvent, eventPrefix, findEvent } from './events.ts';
import { decodeJson } from './json.ts';
import type { Rule } from './rule.ts';

export interface ExampleEventOptions {
  /** `$events/...`, of an event that there is. */
  readonly topic: string;
  readonly payload?: Buffer | undefined;
  readonly qos?: 0 | 1 | 2 | undefined;
  readonly retain?: boolean | undefined;
  readonly clientid?: string | undefined;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Its further columns by name, as text. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** Whether a rule reads the event that a topic stands for. */
export const readsEvent = (rule: Rule, topic: string): boolean => {
  const event = topic.startsWith(eventPrefix) ? findEvent(topic.slice(eventPrefix.length)) : undefined;
  return event !== undefined && rule.sources.some(source => source.kind === 'event' && source.event === event);
};

/** The event as the bridge would hand it to a rule. The message that it is about may be named among its facts, as `topic`. */
export const exampleEvent = ({ topic, payload, facts, timestamp, ...message }: ExampleEventOptions): BridgeEvent => {
  const { name, kind } = findEvent(topic.slice(eventPrefix.length))!;
  const { session_present, ...texts } = Object.fromEntries(facts);
  return {
    ...(kind === 'loss' && { ...message, payload }),
    ...texts,
    ...(session_present !== undefined && { session_present: session_present === 'true' }),
    event: name,
    timestamp,
    json: () => decodeJson(payload ?? Buffer.alloc(0)),
  };
};
