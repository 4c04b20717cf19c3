/**
 * What names of SELECT mean: an alias is the expression that gives it its value, and no place that is filled before.
 *
 * So WHERE comes first, as in SQL: where it says no, nothing of SELECT was worked out and nothing of it can fail; where it reads an alias,
 * exactly what that alias needs is worked out. What was worked out is kept for the message (for an element of FOREACH), so that no
 * expression is evaluated twice: CHANGED remembers, and random() would differ.
 */
import { MkbError } from '../api/errors.ts';
import { put } from './paths.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { AliasPath } from './syntax.ts';
import type { Value } from './value.ts';

/** What is worked out once: for each message, or for each element of FOREACH. */
export type Level = 'message' | 'element';

/** The same expression, evaluated at most once for each message or element. */
export const once = (evaluate: Evaluate, level: Level): Evaluate => {
  let known: Value;
  let turn = -1;
  return scope => {
    const now = level === 'message' ? scope.turn : scope.elementTurn;
    if (now !== turn) {
      known = evaluate(scope);
      turn = now;
    }
    return known;
  };
};

/** An expression with the name it gets. Whether others read it is known only when all of the rule is compiled. */
export class Definition {
  readonly path: AliasPath;
  readonly #evaluate: Evaluate;
  readonly #level: Level;
  #shared: Evaluate | undefined;

  constructor(path: AliasPath, evaluate: Evaluate, level: Level) {
    this.path = path;
    this.#evaluate = evaluate;
    this.#level = level;
  }

  /** For whoever reads it beside its own place. */
  get shared(): Evaluate {
    this.#shared ??= once(this.#evaluate, this.#level);
    return this.#shared;
  }

  /** For its own place, when everything is compiled: keeps the value only if others read it. */
  get own(): Evaluate {
    return this.#shared ?? this.#evaluate;
  }
}

export interface AliasOptions {
  /** What the name had before; of an alias that is a path. */
  readonly before?: (() => Evaluate | undefined) | undefined;
  readonly replaces?: boolean;
  readonly partial?: boolean;
}

/** A name as expressions after it see it. */
export class Alias {
  /** Whether `*` stands before it, so that it changes what the message has instead of standing beside it. */
  readonly replaces: boolean;
  /** Of a path of FOREACH without alias: only a part of what the message has under the name. */
  readonly partial: boolean;
  readonly #read: () => Evaluate;
  #value: Evaluate | undefined;

  /** @param read makes what reads its value; it is called when somebody wants that */
  constructor(read: () => Evaluate, { replaces = false, partial = false }: Omit<AliasOptions, 'before'> = {}) {
    this.replaces = replaces;
    this.partial = partial;
    this.#read = read;
  }

  /** The name of a definition. If that is a path, its value is what the name had before with this put into it. */
  static of(definition: Definition, level: Level, { before, ...options }: AliasOptions): Alias {
    const [, ...rest] = definition.path;
    if (rest.length === 0) return new Alias(() => definition.shared, options);
    const read = (): Evaluate => {
      const base = before?.();
      const part = definition.shared;
      return once(scope => put(base?.(scope), rest, part(scope)), level);
    };
    return new Alias(read, options);
  }

  /** Its value; undefined where it has none. */
  get value(): Evaluate {
    this.#value ??= this.#read();
    return this.#value;
  }
}

/**
 * What SELECT remembers, it remembers of every message, as in EMQX, whatever WHERE says: `kv_store_put('last', payload.x) AS kept`. These
 * expressions are worked out before WHERE, in their order; if one fails, it fails again where it belongs, if WHERE says yes.
 */
export const rememberAll = (values: readonly Evaluate[], scope: Scope): void => {
  for (const value of values) {
    try {
      value(scope);
    } catch (error) {
      // What may succeed later is no failure: the rule is tried again.
      if (!MkbError.is(error) || error.kind !== 'permanent') throw error;
    }
  }
};
