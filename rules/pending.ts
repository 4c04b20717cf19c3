/**
 * Thrown out of a rule that needs an answer which takes too long to wait for in place. Whoever runs the rule awaits `answered`, lets everything
 * else go on meanwhile, and tries the rule again: the answer is there then.
 */
import { MkbError } from '../api/errors.ts';

export class Pending extends Error {
  /** Settles when the rule may be tried again. Never rejects: a failure is an answer. */
  readonly answered: () => Promise<void>;

  constructor(answered: () => Promise<void>) {
    super('the rule waits for an answer');
    this.answered = answered;
  }
}

/** Whether a rule threw because it has to wait, and must be tried again for the same message. */
export const mustWait = (error: unknown): boolean => error instanceof Pending || MkbError.is(error, 'schema-pending');
