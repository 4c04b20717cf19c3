/** The syntax tree of a rule. Every node knows its place in the SQL: `start` inclusive, `end` exclusive, UTF-16 code units. */
import type { Value } from './value.ts';

interface Placed {
  readonly start: number;
  readonly end: number;
}

/** A step into a value: a key, or a position that counts from 1 (negative: from the end). */
export type Step = { readonly key: string } | { readonly index: Expression };

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~';
export type Arithmetic = '+' | '-' | '*' | '/' | 'div' | 'mod' | '||';
export type Logical = 'and' | 'or';

/** Levels of this node above its deepest leaf: what compiling and evaluating it costs in recursion. */
interface Node extends Placed {
  readonly height: number;
}

export interface Literal extends Node {
  readonly kind: 'literal';
  readonly value: Value;
}

/** `payload.location.latitude`: a column, capture or alias, and steps into it. */
export interface PathExpression extends Node {
  readonly kind: 'path';
  readonly name: string;
  /** Whether the name stands in double quotes. */
  readonly quoted?: true;
  readonly steps: readonly Step[];
}

/** Steps into the result of an expression: `json_decode(s).a`. */
export interface Access extends Node {
  readonly kind: 'access';
  readonly base: Expression;
  readonly steps: readonly Step[];
}

/** `a[2..-1]`: the elements from one position to another, both included. */
export interface Slice extends Node {
  readonly kind: 'slice';
  readonly base: Expression;
  readonly from: number;
  readonly to: number;
}

export interface Unary extends Node {
  readonly kind: 'unary';
  readonly operator: '+' | '-' | 'not';
  readonly operand: Expression;
}

export interface Binary extends Node {
  readonly kind: 'binary';
  readonly operator: Comparison | Arithmetic | Logical;
  readonly left: Expression;
  readonly right: Expression;
}

/** `x [NOT] IN (a, b)`. */
export interface Membership extends Node {
  readonly kind: 'in';
  readonly operand: Expression;
  readonly items: readonly Expression[];
  readonly negated: boolean;
}

/** `x [NOT] BETWEEN low AND high`, both included. */
export interface Between extends Node {
  readonly kind: 'between';
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly negated: boolean;
}

/** `x [NOT] LIKE pattern`. */
export interface Like extends Node {
  readonly kind: 'like';
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly negated: boolean;
}

/** `x IS [NOT] NULL`. */
export interface NullTest extends Node {
  readonly kind: 'is-null';
  readonly operand: Expression;
  readonly negated: boolean;
}

/** With a subject, branches compare with it; without, they are conditions. */
export interface Case extends Node {
  readonly kind: 'case';
  readonly subject?: Expression;
  readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
  readonly otherwise?: Expression;
}

export interface ListLiteral extends Node {
  readonly kind: 'list';
  readonly items: readonly Expression[];
}

/** `{speed: 5, 'unit-of-speed': 'km/h'}`. */
export interface MapLiteral extends Node {
  readonly kind: 'map';
  readonly entries: readonly { readonly key: string; readonly value: Expression }[];
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly parameters: readonly Expression[];
  /** Of `COUNT(*)` and `COUNT(DISTINCT x)`, what stands before the parameters, or in their place. */
  readonly quantifier?: '*' | 'distinct';
  readonly over?: Over;
}

/** `OVER (PARTITION BY key, ... WHEN condition)`. */
export interface Over {
  readonly partition: readonly Expression[];
  readonly when?: Expression;
}

/** `CAST(x AS integer)`; by the function that converts. */
export interface Cast extends Node {
  readonly kind: 'cast';
  readonly operand: Expression;
  readonly function: string;
}

/** `x -> x.value`, an argument of a function that calls it for each element of a list. */
export interface Lambda extends Node {
  readonly kind: 'lambda';
  readonly names: readonly string[];
  readonly body: Expression;
}

export type Expression =
  | Literal
  | PathExpression
  | Access
  | Slice
  | Unary
  | Binary
  | Membership
  | Between
  | Like
  | NullTest
  | Case
  | ListLiteral
  | MapLiteral
  | Call
  | Cast
  | Lambda;

/** The way to where an alias puts its value: names, and positions (0 puts before the first, -0 after the last). */
export type AliasPath = readonly [string, ...(string | number)[]];

/** An expression with the name it gets. */
export interface SelectedValue extends Placed {
  readonly kind: 'value';
  readonly expression: Expression;
  readonly alias?: AliasPath;
  /** Whether the alias stands there without AS. */
  readonly bare?: true;
}

/** `*`, or an expression with the name it gets. */
export type Selected = ({ readonly kind: 'all' } & Placed) | SelectedValue;

/** One name of FROM, as written between the quotes. */
export interface FromItem extends Placed {
  readonly text: string;
}

/** What a FOREACH rule has in front of FROM. */
export interface Foreach {
  /** The last one is the list whose elements become rows; those before it are aliases. */
  readonly fields: readonly [SelectedValue, ...SelectedValue[]];
  readonly incase?: Expression;
}

/** Which messages of a key belong together, in milliseconds. A tumbling window is one that hops by its own size. */
export type WindowSpec =
  | { readonly kind: 'tumbling' | 'hopping'; readonly sizeMs: number; readonly hopMs: number }
  | { readonly kind: 'session'; readonly gapMs: number };

/** `GROUP BY key, ..., TUMBLING(10s) [HAVING condition]`. */
export interface GroupBy {
  readonly keys: readonly Expression[];
  readonly window: WindowSpec;
  /** The window as it is written. */
  readonly windowText: string;
  readonly having?: Expression;
}

/** `LET name = expression`: a step that stays out of the row. */
export interface Let extends Placed {
  readonly name: string;
  readonly expression: Expression;
}

export interface Statement {
  readonly lets?: readonly Let[];
  readonly foreach?: Foreach;
  /** The list of SELECT, or of DO; a FOREACH without DO selects `*`. */
  readonly selected: readonly Selected[];
  readonly from: readonly FromItem[];
  readonly where?: Expression;
  readonly groupBy?: GroupBy;
}
