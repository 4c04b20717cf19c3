/**
 * Finds what is registered for a topic without trying each filter: a trie whose edges are filter levels. A lookup walks at most
 * three edges from each node it reaches (the level itself, `+`, `#`), however many filters there are.
 */

interface IndexNode<T> {
  /** Values of filters that end here. */
  readonly here: T[];
  /** Values of filters that end in `#` below here. */
  readonly below: T[];
  readonly children: Map<string, IndexNode<T>>;
  plus: IndexNode<T> | undefined;
}

const newNode = <T>(): IndexNode<T> => ({ here: [], below: [], children: new Map(), plus: undefined });

export class TopicIndex<T> {
  readonly #root = newNode<T>();

  /** @param filter a valid MQTT topic filter; several values may have the same one */
  add(filter: string, value: T): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      if (level === '#') {
        node.below.push(value);
        return;
      }
      node = child(node, level);
    }
    node.here.push(value);
  }

  /** Takes away what was added under the filter; nothing if it was not. Levels that lead nowhere else go with it. */
  remove(filter: string, value: T): void {
    const levels = filter.split('/');
    const endsInHash = levels.at(-1) === '#';
    if (endsInHash) levels.pop();
    const path = [this.#root];
    for (const level of levels) {
      const next = level === '+' ? path.at(-1)!.plus : path.at(-1)!.children.get(level);
      if (next === undefined) return;
      path.push(next);
    }
    const values = endsInHash ? path.at(-1)!.below : path.at(-1)!.here;
    const at = values.indexOf(value);
    if (at >= 0) values.splice(at, 1);
    for (let depth = levels.length; depth > 0 && isEmpty(path[depth]!); depth--) {
      if (levels[depth - 1] === '+') path[depth - 1]!.plus = undefined;
      else path[depth - 1]!.children.delete(levels[depth - 1]!);
    }
  }

  /** Values of all filters that match `topic`, one for each filter added, in no particular order. */
  match(topic: string): T[] {
    const found: T[] = [];
    const levels = topic.split('/');
    if (!topic.startsWith('$')) {
      collect(this.#root, levels, 0, found);
      return found;
    }
    // A wildcard at the beginning matches no topic that begins with $ [MQTT-4.7.2-1].
    const first = this.#root.children.get(levels[0]!);
    if (first !== undefined) collect(first, levels, 1, found);
    return found;
  }
}

const isEmpty = <T>({ here, below, children, plus }: IndexNode<T>): boolean =>
  here.length === 0 && below.length === 0 && children.size === 0 && plus === undefined;

const child = <T>(node: IndexNode<T>, level: string): IndexNode<T> => {
  if (level === '+') {
    node.plus ??= newNode();
    return node.plus;
  }
  let next = node.children.get(level);
  if (next === undefined) {
    next = newNode();
    node.children.set(level, next);
  }
  return next;
};

/** With a list of what is still to do: a topic may have more levels than the call stack has room for. */
const collect = <T>(start: IndexNode<T>, levels: readonly string[], first: number, found: T[]): void => {
  const nodes = [start];
  const depths = [first];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const at = depths.pop()!;
    // `#` matches the parent level as well, so it counts here even when no level is left.
    for (const value of node.below) found.push(value);
    if (at === levels.length) {
      for (const value of node.here) found.push(value);
      continue;
    }
    for (const next of [node.plus, node.children.get(levels[at]!)]) {
      if (next === undefined) continue;
      nodes.push(next);
      depths.push(at + 1);
    }
  }
};
