/** What `mkb doctor` found out about one thing. */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import type { MkbError } from '../../api/errors.ts';

export interface Check {
  /** What was looked at, such as `Kafka topic cars`. */
  readonly name: string;
  /** A warning is about something that works now, or works in part. */
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was found, in a few words or a sentence. */
  readonly detail: string;
  readonly code?: string;
  readonly remedy?: string;
}

export const passed = (name: string, detail: string): Check => ({ name, state: 'ok', detail });

export const found = (name: string, { message, code, remedy }: MkbError, state: Check['state'] = 'failed'): Check => ({
  name,
  state,
  detail: message,
  code,
  remedy,
});

/** @param work returns what was found when all is well, and throws what is not */
export const attempt = async (name: string, work: () => Promise<string>): Promise<Check> => {
  try {
    return passed(name, await work());
  } catch (error) {
    return found(name, asMkbError(error));
  }
};
