/** How large a document may be, wherever it comes from: what is checked, written out and compared takes time and stack for each part of it. */

/** Values of any kind in it, and levels of them within each other. A Pod template has some hundred, and 12. */
export const mostValues = 50_000;
export const mostLevels = 100;

/** How a value goes beyond these; undefined if it does not. It needs no stack, so it may be asked about anything that was parsed. */
export function excessOf(value: unknown): { readonly what: string; readonly limit: string } | undefined {
  let level: unknown[] = [value];
  let values = 0;
  for (let depth = 1; level.length > 0; depth++) {
    values += level.length;
    if (values > mostValues) return { what: `over ${mostValues} values`, limit: `${mostValues} values` };
    if (depth > mostLevels) return { what: `over ${mostLevels} levels`, limit: `${mostLevels} levels` };
    level = level.flatMap(each => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return undefined;
}
