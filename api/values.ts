/** Values within a document, by their paths. */
import type { Path } from './problems.ts';

type Holder = Record<string | number, unknown>;

/** What is at a path; undefined when there is nothing. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, step) => (inner as Holder | undefined)?.[step], value);

/** Puts a value at a path. Sections that are not there on the way are made. */
export function setAt(target: unknown, path: Path, value: unknown): void {
  let holder = target as Holder;
  for (const step of path.slice(0, -1)) {
    holder[step] ??= {};
    holder = holder[step] as Holder;
  }
  holder[path.at(-1)!] = value;
}
