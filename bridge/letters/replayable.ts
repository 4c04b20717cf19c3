/**
 * What keeps a dead letter from being sent through its rule again, whatever the rule says now. It depends on the letter alone and on what a
 * selection remembers (done.ts): so every later reader of a letter comes to the same answer.
 */
import type { Letter, Reason } from './letter.ts';

/** What decides which letters were passed over. */
export interface Passes {
  /** Letters that were replayed so often already. */
  readonly maxRounds: number;
  /** Rules, or sinks of them, that the document did not have, as `targetOf` names them. */
  readonly not: readonly string[];
}

/** What a letter goes through: a rule, and the sink of it that failed if it was one. */
export const targetOf = ({ rule, sink }: Pick<Reason, 'rule' | 'sink'>): string =>
  sink === undefined ? rule : `${rule} ${sink}`;

/** In words that follow "because"; undefined for a letter that can be sent again. */
export function hindrance({ reason, source }: Letter, { maxRounds, not }: Passes): string | undefined {
  if (reason === undefined) return 'it is no dead letter';
  if (reason.truncatedFrom !== undefined) return 'only the beginning of its payload is left';
  if (source.kind === 'other') return 'it is a row of a window or of an event, and not a message';
  if (reason.sink?.endsWith('.outcome')) return 'its message is delivered, and only the record of the outcome is not';
  if (reason.rounds >= maxRounds) return `it was replayed ${reason.rounds} times already`;
  if (not.includes(targetOf(reason))) return `the document has no ${described(reason)} that it could go through`;
  return undefined;
}

const described = ({ rule, sink }: Reason): string =>
  sink === undefined ? `rule "${rule}"` : `${sink} in a rule "${rule}"`;
