/** The trace that a message belongs to passes through whatever else is asked for (W3C Trace Context; in MQTT 5 user properties of these names). */
import type { Origin } from '../../rules/rule.ts';
import { MqttMessage } from '../mqtt/message.ts';

type Pair = readonly [name: string, value: string];

const none: readonly Pair[] = [];
const names: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

export const isTraceName = (name: string): boolean => names.has(name);

/** The trace as it came, in order; a window or an event has none. */
export function traceOf(origin: Origin): readonly Pair[] {
  if (origin instanceof MqttMessage) {
    if (origin.propertiesEnd === origin.propertiesStart) return none;
    return origin.userProperties.filter(([name]) => names.has(name));
  }
  if (!('ts' in origin)) return none;
  return Object.entries(origin.headers).filter((pair): pair is [string, string] => {
    const [name, value] = pair;
    return names.has(name) && typeof value === 'string';
  });
}

/** The standard asks for 512 characters to be passed on. */
const longestTraceState = 8192;

/** Whether it is a trace of that standard. */
export function isTrace([name, value]: Pair): boolean {
  if (name === 'tracestate') return value.length <= longestTraceState && /^[\x20-\x7e]*$/.test(value);
  return /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/.test(value);
}
