/**
 * Topics that a token or a login server grants to a client, in EMQX's forms: `{"pub": [...], "sub": [...], "all": [...]}`, or a list of
 * `{"permission": "allow", "action": "publish", "topic": "cars/${clientid}/#"}`.
 *
 * What is not granted is refused, so only what allows has a meaning, and a `deny` behind which nothing is allowed. What would grant more if it were not understood
 * (a `deny` before an `allow`, limits on QoS, `eq`) makes the whole list invalid.
 */
import type { AccessRules } from '../access.ts';
import { Fault } from './fault.ts';

const most = 100;
const longest = 1024;

/** @param value undefined if there are none. Throws Fault */
export function grantedTopics(value: unknown): AccessRules | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return ofList(value);
  if (typeof value !== 'object') throw new Fault('its acl is neither a list nor an object');
  const unknown = Object.keys(value).find(name => !['pub', 'sub', 'all'].includes(name));
  if (unknown !== undefined) throw new Fault('its acl has other keys than pub, sub and all');
  const { pub, sub, all } = value as { pub?: unknown; sub?: unknown; all?: unknown };
  const both = filters(all);
  return bounded({ publish: [...filters(pub), ...both], subscribe: [...filters(sub), ...both] });
}

function ofList(entries: readonly unknown[]): AccessRules {
  const publish: string[] = [];
  const subscribe: string[] = [];
  let denied = false;
  if (entries.length > most) throw tooMany();
  for (const entry of entries) {
    const { permission, action, topic } = entryOf(entry);
    if (permission === 'allow' && denied)
      throw new Fault('its acl denies before it allows: list what is allowed alone');
    denied ||= permission === 'deny';
    if (denied) continue;
    if (action !== 'subscribe') publish.push(topic);
    if (action !== 'publish') subscribe.push(topic);
  }
  return { publish, subscribe };
}

function entryOf(entry: unknown): { permission: string; action: string; topic: string } {
  const { permission, action, topic, ...others } = (entry ?? {}) as Record<string, unknown>;
  if (Object.keys(others).length > 0) throw new Fault('an entry of its acl has more than permission, action and topic');
  if (permission !== 'allow' && permission !== 'deny')
    throw new Fault('an entry of its acl has no permission that is allow or deny');
  if (!actions.has(String(action)))
    throw new Fault('an entry of its acl has no action that is publish, subscribe or all');
  return { permission, action: String(action), topic: filters([topic])[0]! };
}

const actions: ReadonlySet<string> = new Set(['publish', 'subscribe', 'all']);

function filters(value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(each => typeof each === 'string' && each.length <= longest && each !== ''))
    throw new Fault('its acl has what is no topic filter');
  if (value.some(each => each.startsWith('eq '))) throw new Fault('its acl has a topic that begins with `eq`');
  return value;
}

function bounded(rules: AccessRules): AccessRules {
  if ((rules.publish?.length ?? 0) > most || (rules.subscribe?.length ?? 0) > most) throw tooMany();
  return rules;
}

const tooMany = () => new Fault(`its acl has more than ${most} topics`);
