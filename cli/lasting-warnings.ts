/** Warnings of a command about what it tries again. */
import type { MkbError } from '../api/errors.ts';

/** What passes sooner is nothing to warn of: a Kafka whose first group this is has no coordinator for a moment. */
const passingMs = 3000;

/**
 * Says what is tried again once, when it lasts, and at once what only a person can change. What it came to is said at the end.
 *
 * @param write takes a line
 * @param now milliseconds of a clock that nobody sets
 */
export const lastingWarnings = (
  write: (line: string) => void = line => process.stderr.write(line),
  now: () => number = () => performance.now(),
): ((error: MkbError) => void) => {
  const since = new Map<string, number>();
  const said = new Set<string>();
  return error => {
    const first = since.get(error.code) ?? now();
    since.set(error.code, first);
    const mayPass = error.kind !== 'permanent' && now() - first < passingMs;
    if (mayPass || said.has(error.code)) return;
    said.add(error.code);
    write(`warning: ${error.message} [${error.code}]\n`);
  };
};
