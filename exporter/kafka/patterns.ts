/**
 * Which names are shown: `*` stands for any characters, also none. Not regular expressions: a dot in a topic means a dot, and no
 * pattern takes longer than the length of the name times its own.
 */
export function nameFilter(include: readonly string[], exclude: readonly string[]): (name: string) => boolean {
  return name => include.some(pattern => matches(pattern, name)) && !exclude.some(pattern => matches(pattern, name));
}

/** What stands before the first star begins the name, what stands after the last ends it, and the rest is found in between, in order. */
function matches(pattern: string, name: string): boolean {
  const [first, ...rest] = pattern.split('*') as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
