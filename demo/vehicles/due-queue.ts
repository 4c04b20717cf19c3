/**
 * Things to do at a time, earliest first: a binary heap, so that thousands of waiting vehicles cost nothing while they wait.
 */
export class DueQueue<T> {
  readonly #heap: { readonly dueMs: number; readonly item: T }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest is due, or undefined if there is none. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  push(dueMs: number, item: T): void {
    const heap = this.#heap;
    let index = heap.push({ dueMs, item }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.dueMs <= dueMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = { dueMs, item };
  }

  /** Takes the earliest out, due or not. */
  pop(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first?.item;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child++;
      if (child >= heap.length || heap[child]!.dueMs >= last.dueMs) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first.item;
  }
}
