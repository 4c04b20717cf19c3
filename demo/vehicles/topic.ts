/** Where vehicles publish. */
import { MkbError } from '../../api/errors.ts';
import type { Identity } from './identity.ts';

/** A topic template with a vehicle's own names. Throws `option-invalid` for other placeholders, wildcards and an empty topic. */
export const topicFor = (template: string, clientId: string, identity: Identity): string => {
  const values: Record<string, string> = { clientid: clientId, vin: identity.vin };
  const topic = template.replace(/\{([^{}]*)\}/g, (all, name: string) => values[name] ?? all);
  if (topic === '' || /[{}+#\0]/.test(topic)) {
    const allowed = 'a topic to publish to: text with {clientid} or {vin} if wanted, without + and #';
    throw new MkbError('option-invalid', { option: '--topic', found: template, allowed });
  }
  return topic;
};
