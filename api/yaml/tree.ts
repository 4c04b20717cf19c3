/**
 * A YAML document as plain data that remembers where each value stands.
 *
 * The data is made here and not by the library, because hostile files are refused on the way: a bomb of aliases (the number of values
 * is bounded, each use of an alias counted), an alias within itself, `__proto__` as a key, more than a hundred levels.
 * A repeated key is an error that names both places; the last one counts, so that the rest of the document is still checked.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { ErrorCode, ErrorDetails } from '../errors.ts';
import { mostLevels, mostValues } from '../limits.ts';
import type { Path } from '../problems.ts';
import { sourceOffset } from './string-offset.ts';

/** Reports a problem at an offset of the file. */
export type Report = <C extends ErrorCode>(offset: number, code: C, details: ErrorDetails<C>, remedy?: string) => void;

export class YamlTree {
  /** The document as plain objects, lists, text, numbers, booleans and null. */
  readonly value: unknown;
  readonly #text: string;
  readonly #root: Node | null;
  readonly #report: Report;
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node>();
  readonly #open = new Set<Node>();
  #values = 0;

  constructor(text: string, document: Document, report: Report) {
    this.#text = text;
    this.#report = report;
    this.#root = document.contents as Node | null;
    this.value = this.#root === null ? null : this.#plain(this.#root, 0);
  }

  /**
   * The offset of the value at `path`, or of its name with `at: 'key'`. A field that is not in the file is found at the nearest
   * mapping or list around it; a value that is left empty, at its name.
   */
  offset(path: Path, at: 'key' | 'value'): number {
    let node = this.#root;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, step] of path.entries()) {
      const child = this.#child(node, step);
      if (child === undefined) break;
      node = child.node;
      const keyed = child.key !== undefined && (isEmpty(node) || (at === 'key' && index === path.length - 1));
      offset = keyed ? child.key!.range![0] : (node?.range?.[0] ?? offset);
    }
    return offset;
  }

  /** The offset in the file of the character at `inside` of the text at `path`. */
  offsetInString(path: Path, inside: number): number {
    const node = this.#node(path);
    if (isScalar(node) && typeof node.value === 'string' && node.range) return sourceOffset(this.#text, node, inside);
    return this.offset(path, 'value');
  }

  /** From where to where the value at `path` stands in the file. */
  range(path: Path): [from: number, to: number] | undefined {
    const range = this.#node(path)?.range;
    return range ? [range[0], range[1]] : undefined;
  }

  #node(path: Path): Node | null {
    let node = this.#root;
    for (const step of path) node = this.#child(node, step)?.node ?? null;
    return node;
  }

  #child(parent: Node | null, step: string | number): { node: Node | null; key?: Scalar } | undefined {
    if (isMap(parent)) {
      const pair = (parent.items as Pair<Scalar, Node | null>[]).findLast(
        ({ key }) => String(key.value) === String(step),
      );
      return pair && { node: this.#resolved(pair.value), key: pair.key };
    }
    if (parent === null || isScalar(parent) || !('items' in parent)) return undefined;
    const item = parent.items[Number(step)];
    return isNode(item) ? { node: this.#resolved(item) } : undefined;
  }

  #resolved(node: Node | null): Node | null {
    return isAlias(node) ? (this.#targets.get(node) ?? node) : node;
  }

  #plain(node: Node, level: number): unknown {
    this.#values += 1;
    if (this.#values > mostValues) return this.#tooLarge(node, `over ${mostValues} values`, `${mostValues} values`);
    if (level > mostLevels) return this.#tooLarge(node, `over ${mostLevels} levels`, `${mostLevels} levels`);
    if (isAlias(node)) return this.#alias(node, level);
    if ('anchor' in node && node.anchor) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    this.#open.add(node);
    const value = isMap(node) ? this.#mapping(node, level) : this.#sequence(node, level);
    this.#open.delete(node);
    return value;
  }

  #scalar(node: Scalar): unknown {
    if (node.value === null || ['string', 'number', 'boolean'].includes(typeof node.value)) return node.value;
    this.#report(offsetOf(node), 'document-syntax', { reason: `The tag ${node.tag} is not supported.` });
    return null;
  }

  #mapping(node: YAMLMap, level: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const { key, value } of node.items as Pair<Scalar, Node | null>[]) {
      const name = String(key.value);
      if (name === '__proto__') {
        this.#report(offsetOf(key), 'field-unknown', { name, meant: undefined });
        continue;
      }
      if (Object.hasOwn(object, name)) {
        const reason = `\`${name}\` is given twice in one mapping.`;
        this.#report(offsetOf(key), 'document-syntax', { reason }, 'Keep one of the two.');
      }
      object[name] = value === null ? null : this.#plain(value, level + 1);
      if (this.#values > mostValues) break;
    }
    return object;
  }

  #sequence(node: Node, level: number): unknown[] {
    const list: unknown[] = [];
    for (const item of (node as Node & { items: unknown[] }).items) {
      list.push(isNode(item) ? this.#plain(item, level + 1) : null);
      if (this.#values > mostValues) break;
    }
    return list;
  }

  #alias(node: Alias, level: number): unknown {
    const target = this.#anchors.get(node.source);
    const reason = target
      ? `The alias *${node.source} stands within what it repeats.`
      : `The alias *${node.source} repeats an anchor &${node.source} that does not come before it.`;
    if (target === undefined || this.#open.has(target)) {
      this.#report(
        offsetOf(node),
        'document-syntax',
        { reason },
        'Write the value out, or put it in quotes if it is text.',
      );
      return null;
    }
    this.#targets.set(node, target);
    return this.#plain(target, level);
  }

  /** Reports the first time only: the rest of a hostile document is not worth a word. */
  #tooLarge(node: Node, what: string, limit: string): null {
    if (this.#values <= mostValues + 1) this.#report(offsetOf(node), 'document-too-large', { what, limit });
    this.#values = mostValues + 2;
    return null;
  }
}

const offsetOf = (node: Node): number => node.range?.[0] ?? 0;

const isEmpty = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1]);
