/**
 * The strongly connected components of a graph (Tarjan 1972): nodes that can be reached from one another have the same number. Without recursion,
 * since a chain may be longer than the call stack.
 */
class Components {
  readonly of: Int32Array;
  readonly #next: readonly (readonly number[])[];
  /** When a node was met first, from 0; -1 before. */
  readonly #met: Int32Array;
  /** The earliest node that is known to be reached from a node. */
  readonly #earliest: Int32Array;
  /** Nodes of components that are not complete. */
  readonly #open: number[] = [];
  readonly #path: { readonly node: number; at: number }[] = [];
  #count = 0;

  constructor(next: readonly (readonly number[])[]) {
    this.#next = next;
    this.of = new Int32Array(next.length).fill(-1);
    this.#met = new Int32Array(next.length).fill(-1);
    this.#earliest = new Int32Array(next.length);
    for (const node of next.keys()) if (this.#met[node]! < 0) this.#walk(node);
  }

  #walk(start: number): void {
    this.#enter(start);
    for (let top = this.#path.at(-1); top !== undefined; top = this.#path.at(-1)) {
      const to = this.#next[top.node]![top.at++];
      if (to === undefined) this.#leave(top.node);
      else if (this.#met[to]! < 0) this.#enter(to);
      else if (this.of[to]! < 0) this.#reaches(top.node, this.#met[to]!);
    }
  }

  #enter(node: number): void {
    this.#met[node] = this.#count;
    this.#earliest[node] = this.#count++;
    this.#open.push(node);
    this.#path.push({ node, at: 0 });
  }

  #leave(node: number): void {
    this.#path.pop();
    const earliest = this.#earliest[node]!;
    const from = this.#path.at(-1);
    if (from !== undefined) this.#reaches(from.node, earliest);
    if (earliest !== this.#met[node]) return;
    // No node of this component is reached from one that was met before it: it is complete.
    let member: number;
    do {
      member = this.#open.pop()!;
      this.of[member] = node;
    } while (member !== node);
  }

  #reaches(node: number, met: number): void {
    this.#earliest[node] = Math.min(this.#earliest[node]!, met);
  }
}

/** @param next for each node, the nodes that it leads to. Returns for each node the number of its component. */
export const componentsOf = (next: readonly (readonly number[])[]): Int32Array => new Components(next).of;
