/** What reads expressions, as its parts see it: forms with words of their own have a file of their own, and read what is in them by this. */
import type { Expression } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

/** A node before its height is known; the height is one more than its children's. */
export type Unmeasured<T extends Expression = Expression> = T extends Expression
  ? Omit<T, 'height' | 'end' | 'start'>
  : never;

export interface ExpressionReader {
  readonly tokens: TokenReader;
  /** Reads an expression whose operators bind stronger than `weakest`. Throws `rule-syntax`. */
  expression(weakest: number): Expression;
  /** The node that ends at the token taken last. */
  node(start: number, node: Unmeasured, ...children: readonly Expression[]): Expression;
}
