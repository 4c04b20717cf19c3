/**
 * Suites that need real systems say so by name. On a developer's machine without them they are skipped and say how to get them;
 * with CI=true or REQUIRE_REAL=1 a missing system fails the suite, because a skipped proof must never look like a proof. Systems that are
 * marked as optional, and those that this machine is unable to run, are the exception.
 */
import { describe, it } from 'vitest';
import { type System, type SystemName, systems } from './systems.ts';

const required = process.env.CI === 'true' || process.env.REQUIRE_REAL === '1';

/**
 * A `describe` for suites that need real systems: `describeReal('kafka', 'mosquitto')('a bridge', () => { ... })`.
 *
 * @param names what must be installed for the suite to run
 */
export function describeReal(...names: SystemName[]): (title: string, suite: () => void) => void {
  const missing = systems.filter(system => names.includes(system.name) && !system.found());
  const fails = required && !missing.some(system => system.optional || system.unable?.());
  return (title, suite) => {
    if (missing.length === 0) {
      describe(title, suite);
      return;
    }
    const remedy = (system: System) => system.unable?.() ?? `npm run provision, or ${system.how}`;
    const reason = `needs ${missing.map(system => `${system.name} (${remedy(system)})`).join('; ')}`;
    if (!fails) console.warn(`Skipped: ${title} ${reason}`);
    describe(title, () => {
      it.skipIf(!fails)(reason, () => {
        throw new Error(`${title} ${reason}`);
      });
    });
  };
}
