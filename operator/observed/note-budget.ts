/**
 * How much of the notes of session kits is kept in memory. Anyone who may write Secrets may write any number of them, with our label and a note of
 * 64 KiB in each: ten thousand took more memory than the operator has. So each namespace has so much for all of its notes; what is beyond has none,
 * which is as if somebody had spoilt it. That is more than two hundred bridges have that read a thousand topics each.
 */
import { noteAnnotation } from '../resources/kit-note.ts';
import type { KubeObject } from '../runtime/object.ts';

/** Characters of all notes of a namespace. */
const mostOfNamespace = 4 * 2 ** 20;

interface Share {
  /** Of all notes that are kept. */
  total: number;
  /** Of each, by the name of its object. */
  readonly lengths: Map<string, number>;
}

export class NoteBudget {
  readonly #most: number;
  readonly #shares = new Map<string, Share>();

  constructor(most = mostOfNamespace) {
    this.#most = most;
  }

  /** The object without its note where its namespace has had its share. */
  withinBudget(object: KubeObject): KubeObject {
    const { namespace = '', name, annotations = {} } = object.metadata;
    this.forget(object);
    const { [noteAnnotation]: note, ...others } = annotations;
    if (note === undefined) return object;
    const share = this.#shares.get(namespace) ?? { total: 0, lengths: new Map<string, number>() };
    if (share.total + note.length > this.#most) {
      return { ...object, metadata: { ...object.metadata, annotations: others } };
    }
    share.total += note.length;
    share.lengths.set(name, note.length);
    this.#shares.set(namespace, share);
    return object;
  }

  /** It is gone. */
  forget({ metadata: { namespace = '', name } }: KubeObject): void {
    const share = this.#shares.get(namespace);
    if (share === undefined) return;
    share.total -= share.lengths.get(name) ?? 0;
    share.lengths.delete(name);
    if (share.lengths.size === 0) this.#shares.delete(namespace);
  }
}
