/**
 * A refusal is how an operator or function says "not with this value". It knows neither rule nor position: the compiled expression
 * that called it adds them and raises `rule-failed`. So a Refusal never leaves this folder.
 */
import { describe, type Value } from './value.ts';

export class Refusal extends Error {
  /** The value that was refused, rendered for a person. */
  readonly found: string | undefined;

  /** @param reason what is wrong, as in `div takes whole numbers`; completed by what was found */
  constructor(reason: string, found?: { value: Value }) {
    super(reason);
    this.found = found === undefined ? undefined : describe(found.value);
  }
}

/** Refuses `value` for `reason`. */
export const refuse = (reason: string, value: Value): never => {
  throw new Refusal(reason, { value });
};
