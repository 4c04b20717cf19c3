/**
 * Finds how a filter relates to many others without trying each: a trie whose edges are levels of filters, in which wildcards are met on both
 * sides. A filter walks down its own levels; where it has a wildcard it walks to all there are, and where the trie has one it walks there as well.
 */

interface FilterNode<T> {
  /** The filter that ends here. */
  here: Placed<T> | undefined;
  /** The one that ends in `#` below here. */
  below: Placed<T> | undefined;
  readonly children: Map<string, FilterNode<T>>;
  readonly isRoot?: true;
}

/** A filter of the index. */
export interface Placed<T> {
  readonly filter: string;
  readonly value: T;
}

const newNode = <T>(): FilterNode<T> => ({ here: undefined, below: undefined, children: new Map() });

export class FilterIndex<T> {
  readonly #root: FilterNode<T> = { ...newNode<T>(), isRoot: true };
  /** How many nodes were looked at: what all questions together cost. */
  visited = 0;

  /** Adds a valid filter. One that is there already keeps its value. Returns whether it was new. */
  add(filter: string, value: T): boolean {
    let node = this.#root;
    const levels = filter.split('/');
    const rest = levels.at(-1) === '#';
    for (const level of rest ? levels.slice(0, -1) : levels) {
      let next = node.children.get(level);
      if (next === undefined) {
        next = newNode();
        node.children.set(level, next);
      }
      node = next;
    }
    const known = rest ? node.below : node.here;
    if (known !== undefined) return false;
    if (rest) node.below = { filter, value };
    else node.here = { filter, value };
    return true;
  }

  /** A filter that covers this one, other than itself: every topic of it is one of the other's. */
  covering(filter: string): T | undefined {
    // No topic has fewer than one level, so `#` alone is `+/#`.
    const levels = (filter === '#' ? '+/#' : filter).split('/');
    for (const found of this.#walk(levels, stepsToCovering)) if (found.filter !== filter) return found.value;
    return undefined;
  }

  /** Filters that have a topic in common with this one, itself included, one after the other as they are asked for. */
  overlapping(filter: string): Generator<Placed<T>> {
    return this.#walk(filter.split('/'), stepsToOverlapping);
  }

  /** Depth first, with a stack of its own: a filter may have more levels than the call stack has room for. */
  *#walk(levels: readonly string[], stepsFrom: Steps): Generator<Placed<T>> {
    const stack: Iterator<Visit<T>>[] = [[{ node: this.#root, at: 0 }].values()];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { value: visit, done } = top.next();
      if (done === true) {
        stack.pop();
        continue;
      }
      this.visited++;
      const { node, at } = visit;
      // A wildcard at the beginning matches nothing that begins with $ [MQTT-4.7.2-1].
      if (node.below !== undefined && !(at === 0 && levels[0]!.startsWith('$'))) yield node.below;
      const ends = at === levels.length || (levels[at] === '#' && stepsFrom === stepsToOverlapping);
      if (node.here !== undefined && ends) yield node.here;
      stack.push(stepsFrom(node, levels, at));
    }
  }
}

interface Visit<T> {
  readonly node: FilterNode<T>;
  /** The level to come. */
  readonly at: number;
}

/** Where to go from a node, one after the other. */
type Steps = <T>(node: FilterNode<T>, levels: readonly string[], at: number) => Generator<Visit<T>>;

/** Along the level itself and `+`, which covers any level but `#`. */
function* stepsToCovering<T>(node: FilterNode<T>, levels: readonly string[], at: number): Generator<Visit<T>> {
  const level = levels[at];
  if (level === undefined || level === '#') return;
  yield* alongLevel(node, level, at);
}

/** Along the level itself and `+`; a wildcard leads everywhere, and `#` to everything below. */
function* stepsToOverlapping<T>(node: FilterNode<T>, levels: readonly string[], at: number): Generator<Visit<T>> {
  const level = levels[at];
  if (level === undefined) return;
  if (level !== '+' && level !== '#') {
    yield* alongLevel(node, level, at);
    return;
  }
  const next = level === '#' ? at : at + 1;
  for (const [name, child] of node.children) {
    if (node.isRoot !== true || !name.startsWith('$')) yield { node: child, at: next };
  }
}

function* alongLevel<T>({ children }: FilterNode<T>, level: string, at: number): Generator<Visit<T>> {
  const exact = children.get(level);
  if (exact !== undefined) yield { node: exact, at: at + 1 };
  const plus = level === '+' || (at === 0 && level.startsWith('$')) ? undefined : children.get('+');
  if (plus !== undefined) yield { node: plus, at: at + 1 };
}
