/** Which filters somebody could ever get a message for: those that a topic of a rule's sink can match. */
import { filterMatches } from '../../rules/topic-filter.ts';

/**
 * @param template of a topic, such as `cars/${vin}/commands`
 * Whether a topic that it can become may match the filter. What `${...}` becomes may have slashes, so anything may follow it.
 */
export function mayMatch(template: string, filter: string): boolean {
  const open = template.indexOf('${');
  if (open < 0) return filterMatches(filter, template);
  const whole = template.slice(0, open).split('/');
  const begun = whole.pop()!;
  if (template.startsWith('$', 0) && open > 0 && !filter.startsWith('$')) return false;
  const levels = filter.split('/');
  for (const [at, level] of whole.entries()) {
    if (levels[at] === '#') return true;
    if (levels[at] !== '+' && levels[at] !== level) return false;
  }
  const next = levels[whole.length];
  return next !== undefined ? next === '#' || next === '+' || next.startsWith(begun) : false;
}
