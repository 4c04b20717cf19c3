/**
 * LIKE patterns: `%` is any text, `_` one character, a backslash takes the next character as it is.
 *
 * Matched with two pointers and one place to go back to, the last `%`: that takes time in proportion to pattern times text at worst,
 * where a regular expression could take for ever.
 */
type Part = { readonly any: true } | { readonly one: true } | { readonly character: string };

/** A test for text. The whole text must match, case included. */
export const compileLike = (pattern: string): ((text: string) => boolean) => {
  const parts = readParts(pattern);
  return text => matches(parts, [...text]);
};

const readParts = (pattern: string): Part[] => {
  const parts: Part[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === '%') parts.push({ any: true });
    else if (character === '_') parts.push({ one: true });
    else if (character === '\\' && at + 1 < characters.length) parts.push({ character: characters[++at]! });
    else parts.push({ character });
  }
  return parts;
};

const matches = (parts: readonly Part[], text: readonly string[]): boolean => {
  let at = 0;
  let part = 0;
  let lastAny = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const current = parts[part];
    if (current !== undefined && 'any' in current) {
      lastAny = part++;
      resumeAt = at;
    } else if (current !== undefined && ('one' in current || current.character === text[at])) {
      part++;
      at++;
    } else if (lastAny >= 0) {
      part = lastAny + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  return parts.slice(part).every(rest => 'any' in rest);
};
