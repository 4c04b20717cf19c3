/**
 * How much of the notes of session kits is kept in memory: ten thousand Secrets with our label and a note of 64 KiB in each took more memory than the
 * operator has. What is beyond a namespace's share has no note, which is as if somebody had spoilt it. The share is more than two hundred bridges have
 * that read a thousand topics each.
 */
import { noteAnnotation } from '../resources/kit-note.ts';
import type { KubeObject } from '../runtime/object.ts';
import { NamespaceBudget } from './namespace-budget.ts';

/** Characters of all notes of a namespace. */
const mostOfNamespace = 4 * 2 ** 20;

export class NoteBudget {
  readonly #budget: NamespaceBudget;

  constructor(most = mostOfNamespace) {
    this.#budget = new NamespaceBudget(most);
  }

  /** The object without its note where its namespace has had its share. */
  withinBudget(object: KubeObject): KubeObject {
    const { namespace = '', name, annotations = {} } = object.metadata;
    const { [noteAnnotation]: note, ...others } = annotations;
    if (note === undefined) {
      this.forget(object);
      return object;
    }
    if (this.#budget.take(namespace, name, note.length)) return object;
    return { ...object, metadata: { ...object.metadata, annotations: others } };
  }

  /** It is gone. */
  forget({ metadata: { namespace = '', name } }: KubeObject): void {
    this.#budget.forget(namespace, name);
  }
}
