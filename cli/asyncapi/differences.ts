/** Where two contracts differ, as short lines: `+` is missing in the file, `-` is no longer so, `~` is another. */
import { isDeepStrictEqual } from 'node:util';

export const differences = (file: unknown, now: unknown, path = ''): string[] => {
  if (!isObject(file) || !isObject(now))
    return isDeepStrictEqual(file, now) ? [] : [`~ ${path || 'all'}${values(file, now)}`];
  const names = [...new Set([...Object.keys(now), ...Object.keys(file)])];
  return names.flatMap(name => {
    const place = path === '' ? name : `${path}.${name}`;
    if (!Object.hasOwn(file, name)) return [`+ ${place}`];
    if (!Object.hasOwn(now, name)) return [`- ${place}`];
    return differences(file[name], now[name], place);
  });
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is short enough for a line. */
const values = (file: unknown, now: unknown): string => {
  const [before, after] = [JSON.stringify(file), JSON.stringify(now)];
  return `${before}${after}`.length > 80 ? '' : `: ${before}, now ${after}`;
};
