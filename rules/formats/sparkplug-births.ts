/**
 * What births say of metrics: their names by alias, and their datatypes by name. NDATA and DDATA leave both out [Sparkplug 3.0, 6.4.16, 6.4.17], so
 * without the birth nobody knows what a number stands for, nor its sign.
 *
 * Births are kept for each edge node. That of the node begins a new session: those of its devices are forgotten with it, and come again. An alias is
 * looked for among the device's own, then among the node's.
 */
import { Refusal } from '../refusal.ts';
import type { Remembering } from '../undo.ts';
import { copyMap, isList, isMap, newMap, ownValue, type Value, type ValueMap } from '../value.ts';
import { sizeOf } from '../windows/bounded.ts';

/** How much one birth may be, and all that are kept; then the edge node whose birth is oldest is forgotten. */
const largestBirth = 4 * 1024 * 1024;
const mostBytes = 64 * 1024 * 1024;

interface Place {
  readonly group: string;
  readonly kind: string;
  readonly edge: string;
  /** Empty for the edge node itself. */
  readonly device: string;
}

/** Where a message of Sparkplug comes from; undefined for other topics. */
export const sparkplugPlace = (topic: string | undefined): Place | undefined => {
  const [namespace, group, kind, edge, device = ''] = topic?.split('/') ?? [];
  return namespace === 'spBv1.0' && edge !== undefined ? { group: group!, kind: kind!, edge, device } : undefined;
};

export class Births {
  readonly #memory: Remembering;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(memory: Remembering) {
    this.#memory = memory;
  }

  /** The message with names and datatypes that it leaves out, and `birth_missing` if they are not known. A birth is remembered. */
  apply(payload: ValueMap, place: Place): ValueMap {
    const { kind } = place;
    if (kind === 'NBIRTH' || kind === 'DBIRTH') this.#remember(payload, place);
    if (kind !== 'NDATA' && kind !== 'DDATA') return payload;
    const { metrics } = payload;
    if (!isList(metrics)) return payload;
    const [own, node] = this.#tables(place);
    let missing = false;
    const named = metrics.map(metric => {
      if (!isMap(metric)) return metric;
      const made = copyMap(metric);
      made.name ??= knownAs(`a${String(made.alias)}`, own, node);
      made.datatype ??= knownAs(`n${String(made.name)}`, own, node);
      missing ||= made.name === undefined || made.datatype === undefined;
      return made;
    });
    const made = copyMap(payload);
    made.metrics = named;
    if (missing) made.birth_missing = true;
    return made;
  }

  #tables({ group, edge, device }: Place): readonly (ValueMap | undefined)[] {
    const tables = this.#memory.get(`${group}/${edge}`);
    if (!isMap(tables)) return [];
    return [device, ''].map(name => ownValue(tables, name)).map(table => (isMap(table) ? table : undefined));
  }

  #remember({ metrics }: ValueMap, { group, kind, edge, device }: Place): void {
    const key = `${group}/${edge}`;
    const before = kind === 'NBIRTH' ? undefined : this.#memory.get(key);
    const tables = isMap(before) ? copyMap(before) : newMap();
    tables[kind === 'NBIRTH' ? '' : device] = tableOf(isList(metrics) ? metrics : []);
    const size = sizeOf(tables, largestBirth);
    if (size > largestBirth)
      throw new Refusal(`the births of an edge node have more than ${largestBirth} bytes together`);
    this.#forget(key);
    this.#memory.put(key, tables);
    this.#sizes.set(key, size);
    this.#bytes += size;
    for (const [oldest] of this.#sizes) {
      if (this.#bytes <= mostBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
    this.#memory.delete(key);
  }
}

/** Names by `a` and the alias, datatypes by `n` and the name. */
const tableOf = (metrics: readonly Value[]): ValueMap => {
  const table = newMap();
  for (const metric of metrics) {
    if (!isMap(metric) || typeof metric.name !== 'string') continue;
    if (metric.alias !== undefined) table[`a${String(metric.alias)}`] = metric.name;
    if (metric.datatype !== undefined) table[`n${metric.name}`] = metric.datatype;
  }
  return table;
};

const knownAs = (key: string, own: ValueMap | undefined, node: ValueMap | undefined): Value =>
  (own && ownValue(own, key)) ?? (node && ownValue(node, key));
