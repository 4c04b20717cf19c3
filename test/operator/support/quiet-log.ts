import type { Log } from '../../../operator/runtime/log.ts';

/** A log that keeps its messages. */
export function quietLog(): Log & { readonly messages: string[] } {
  const messages: string[] = [];
  const keep = (_: object, message: string) => void messages.push(message);
  return { messages, debug: keep, info: keep, warn: keep, error: keep };
}
