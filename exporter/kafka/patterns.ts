/** Which names are shown: `*` stands for any characters, also none. Not regular expressions, as a dot in a topic means a dot. */
export function nameFilter(include: readonly string[], exclude: readonly string[]): (name: string) => boolean {
  const [included, excluded] = [anyOf(include), anyOf(exclude)];
  return name => included.test(name) && !excluded.test(name);
}

/** Without any pattern it matches nothing. Stars side by side mean what one means, and would only make matching slow. */
const anyOf = (patterns: readonly string[]): RegExp =>
  patterns.length === 0 ? /(?!)/ : new RegExp(`^(?:${patterns.map(wildcard).join('|')})$`);

const wildcard = (pattern: string): string =>
  pattern
    .split(/\*+/)
    .map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
