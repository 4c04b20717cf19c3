/**
 * Subscription Identifiers (MQTT 5, 3.8.2.1.2) that are a function of the filter's text, so that nothing has to be stored.
 *
 * A broker keeps subscriptions, and the messages that wait under them, longer than a process lives or a document stays the same. An
 * identifier that none of our filters has is therefore that of a filter which an older document had; and because the old filter matches
 * the topic of its own messages, there are few texts that it can be: each level of the topic, or `+` in its place, and `#` after any of
 * them. `findFilter` tries them all, and so gives back the text, which UNSUBSCRIBE needs.
 */

const largestIdentifier = 268_435_455;
/** A topic of n levels has about 3 * 2^n filters. Beyond this many levels nothing is looked for. */
const mostLevels = 16;
/** How many filters of one document may fall on one identifier before `findFilter` misses the others. */
const mostAttempts = 3;

/** FNV-1a over the text's UTF-16 units, which can be continued level by level. */
const start = 0x811c9dc5 | 0;

function extend(state: number, text: string): number {
  let hash = state;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** @param attempt 0, or how many times the identifiers before it were taken */
function finish(state: number, attempt: number): number {
  const hash = extend(state, '\0'.repeat(attempt));
  return ((Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0) % largestIdentifier) + 1;
}

/** The identifiers of filters, `$share/GROUP/` included: 1 to 268,435,455, each another one, the same in every process. */
export function identifiersOf(filters: readonly string[]): ReadonlyMap<string, number> {
  const identifiers = new Map<string, number>();
  const taken = new Set<number>();
  for (const filter of [...new Set(filters)].sort()) {
    let attempt = 0;
    while (taken.has(finish(extend(start, filter), attempt))) attempt++;
    const identifier = finish(extend(start, filter), attempt);
    taken.add(identifier);
    identifiers.set(filter, identifier);
  }
  return identifiers;
}

/**
 * The filter with this identifier that matches `topic`, or undefined.
 * @param prefixes what may stand before it: '' and '$share/GROUP/'
 */
export function findFilter(identifier: number, topic: string, prefixes: readonly string[]): string | undefined {
  const levels = topic.split('/');
  if (levels.length > mostLevels) return undefined;
  const isIt = (state: number): boolean => {
    for (let attempt = 0; attempt < mostAttempts; attempt++) if (finish(state, attempt) === identifier) return true;
    return false;
  };
  const search = (text: string, state: number, at: number): string | undefined => {
    const slash = at === 0 ? '' : '/';
    // No wildcard at the beginning matches a topic that begins with $ [MQTT-4.7.2-1].
    const wild = at > 0 || !topic.startsWith('$');
    const step = (level: string) => extend(state, slash + level);
    if (at === levels.length && isIt(state)) return text;
    if (wild && isIt(step('#'))) return `${text}${slash}#`;
    if (at === levels.length) return undefined;
    const level = levels[at]!;
    return (
      search(text + slash + level, step(level), at + 1) ??
      (wild ? search(`${text}${slash}+`, step('+'), at + 1) : undefined)
    );
  };
  for (const prefix of prefixes) {
    const found = search('', extend(start, prefix), 0);
    if (found !== undefined) return prefix + found;
  }
  return undefined;
}
