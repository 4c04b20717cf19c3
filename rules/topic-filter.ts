/**
 * MQTT topic filters: validity, matching, and how two filters relate [MQTT-4.7.1].
 *
 * Levels are compared as text between slashes, empty levels included. `#` stands for the rest and also for the parent level; neither
 * wildcard at the beginning matches a topic that begins with `$` [MQTT-4.7.2-1].
 */

/** Why a filter is not valid, or undefined when it is. */
export const filterProblem = (filter: string): string | undefined => {
  if (filter === '') return 'a topic filter is at least one character long';
  if (filter.includes('\0')) return 'a topic filter holds no NUL character';
  if (Buffer.byteLength(filter) > 65_535) return 'a topic filter has at most 65,535 bytes';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level === '#' && index < levels.length - 1) return '`#` must be the last level [MQTT-4.7.1-1]';
    if (level.length > 1 && level.includes('#')) return '`#` must be a whole level [MQTT-4.7.1-1]';
    if (level.length > 1 && level.includes('+')) return '`+` must be a whole level [MQTT-4.7.1-2]';
  }
  return undefined;
};

/** Whether the filter matches the topic. Both are taken to be valid. */
export const filterMatches = (filter: string, topic: string): boolean => {
  if (filter === topic) return true;
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  return levelsMatch(filter.split('/'), topic.split('/'));
};

const levelsMatch = (filter: readonly string[], topic: readonly string[]): boolean => {
  for (const [index, level] of filter.entries()) {
    if (level === '#') return true;
    if (index >= topic.length || (level !== '+' && level !== topic[index])) return false;
  }
  return filter.length === topic.length;
};

/** Whether every topic that `inner` matches is matched by `outer`. */
export const filterCovers = (outer: string, inner: string): boolean => {
  if (inner.startsWith('$') && !outer.startsWith('$')) return false;
  const outerLevels = outer.split('/');
  // No topic has fewer than one level, so `#` and `+/#` are the same.
  const innerLevels = (inner === '#' ? '+/#' : inner).split('/');
  for (const [index, level] of outerLevels.entries()) {
    // a/# covers a: the parent level is among its topics.
    if (level === '#') return true;
    if (!levelCovers(level, innerLevels[index], index)) return false;
  }
  return outerLevels.length === innerLevels.length;
};

/** `+` covers any one level, but not `#`, which is any number of them. */
const levelCovers = (outer: string, inner: string | undefined, index: number): boolean => {
  if (inner === undefined || inner === '#') return false;
  return outer === inner || (outer === '+' && !(index === 0 && inner.startsWith('$')));
};

/** Whether some topic is matched by both. */
export const filtersOverlap = (left: string, right: string): boolean => {
  if (left.startsWith('$') !== right.startsWith('$')) return false;
  return levelsOverlap(left.split('/'), right.split('/'));
};

const levelsOverlap = (left: readonly string[], right: readonly string[]): boolean => {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const [a, b] = [left[index]!, right[index]!];
    if (a === '#' || b === '#') return true;
    if (a !== '+' && b !== '+' && a !== b) return false;
  }
  return left.length === right.length || left[shorter] === '#' || right[shorter] === '#';
};
