/** What somebody probably meant whose SQL is refused, read off the characters around the place. */

const longest = 120;

/** `payload.fuel-level`, `AS my-name`: at `offset`, behind or at a dash between two words. */
export const dashHint = (sql: string, offset: number): string | undefined => {
  // No name is longer, and looking for one from each character of a long rule would take too long.
  const before = /([A-Za-z_]\w*(?:\.\w+)*)((?:-\w*)*)$/.exec(sql.slice(Math.max(0, offset - longest), offset));
  const after = /^-?[\w-]*/.exec(sql.slice(offset, offset + longest))![0];
  const whole = before === null ? /^[A-Za-z_]\w*(?:-\w+)+/.exec(sql.slice(offset, offset + longest)) : null;
  if (whole !== null) return `A name with a dash stands in quotes: payload.'${whole[0]}'.`;
  const rest = `${before?.[2] ?? ''}${after}`;
  if (before === null || !/^-\w/.test(rest)) return undefined;
  const keys = before[1]!.split('.');
  const last = keys.pop()!;
  const name = `${last}${rest}`.replace(/-+$/, '');
  const meant = keys.length === 0 ? `"${name}"` : `${keys.join('.')}.'${name}'`;
  return `A name with a dash stands in quotes: ${meant}.`;
};

/** `= "ON"` */
export const textHint = (sql: string, offset: number, name: string): string | undefined =>
  sql[offset] === '"' ? `Double quotes are for names. Text stands in single quotes: '${name}'.` : undefined;

/** `payload.$ref`, `payload.größe`: a character that no bare word has, within a key. */
export const keyHint = (sql: string, offset: number): string | undefined => {
  const before = /\.(\w*)$/.exec(sql.slice(Math.max(0, offset - longest), offset));
  if (before === null) return undefined;
  const quoted = /^`([^`']*)`/.exec(sql.slice(offset, offset + longest))?.[1];
  const rest = quoted ?? /^[^\s,.()[\]'"=<>]*/.exec(sql.slice(offset, offset + longest))![0];
  return `A key that is not a plain word stands in quotes: .'${before[1]}${rest}'.`;
};
