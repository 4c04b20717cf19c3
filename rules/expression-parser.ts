/**
 * Expressions by operator precedence (Pratt). From weak to strong, as in EMQX: OR, AND, NOT, comparison, `||`, + -, * / div mod,
 * sign. Comparisons do not chain: `a < b < c` is an error, as everywhere in SQL.
 *
 * EMQX takes AND, OR, NOT and IN in conditions only; here they are expressions like any other. Nesting is bounded, so that a rule
 * from anyone cannot exhaust the stack, neither when it is read nor when it runs.
 */

import type { ExpressionReader, Unmeasured } from './expression-reader.ts';
import { refusePosition, refuseRange } from './positions.ts';
import { parseCase, parseCast, parseIf, parseLambda, parseOver } from './special-parser.ts';
import type { Arithmetic, Call, Comparison, Expression, Logical, MapLiteral, Step } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { newMap, type Value } from './value.ts';
import { partsOf } from './walk.ts';

/** How deep brackets may nest, and how many levels a tree may have (a chain of 1 + 1 + ... is one level each). */
const deepest = 100;
const highest = 1000;
const longestRange = 10_000;

const bindsNot = 30;
const bindsComparison = 40;
const bindsOperand = 50;
const bindsSign = 80;

const infix: Readonly<Record<string, readonly [operator: Comparison | Arithmetic | Logical, binds: number]>> = {
  OR: ['or', 10],
  AND: ['and', 20],
  '=': ['=', bindsComparison],
  '!=': ['!=', bindsComparison],
  '<>': ['!=', bindsComparison],
  '<': ['<', bindsComparison],
  '<=': ['<=', bindsComparison],
  '>': ['>', bindsComparison],
  '>=': ['>=', bindsComparison],
  '=~': ['=~', bindsComparison],
  '||': ['||', bindsOperand],
  '+': ['+', 60],
  '-': ['-', 60],
  '*': ['*', 70],
  '/': ['/', 70],
  DIV: ['div', 70],
  MOD: ['mod', 70],
};

const constants: Readonly<Record<string, Value>> = Object.assign(newMap(), {
  TRUE: true,
  FALSE: false,
  NULL: undefined,
});

export class ExpressionParser implements ExpressionReader {
  readonly tokens: TokenReader;
  #depth = 0;

  constructor(tokens: TokenReader) {
    this.tokens = tokens;
  }

  /** Reads the longest expression from here. Throws `rule-syntax`. */
  parse(): Expression {
    return this.expression(0);
  }

  /** Reads an expression whose operators bind stronger than `weakest`. */
  expression(weakest: number): Expression {
    if (++this.#depth > deepest) this.tokens.fail(`at most ${deepest} levels of nesting`);
    let left = this.#prefix(weakest);
    for (;;) {
      const extended = this.#predicate(left, weakest) ?? this.#binary(left, weakest);
      if (extended === undefined) break;
      left = extended;
    }
    this.#depth -= 1;
    return left;
  }

  /** The node that ends at the token taken last. */
  node(start: number, node: Unmeasured, ...children: readonly Expression[]): Expression {
    const height = 1 + children.reduce((most, child) => Math.max(most, child.height), 0);
    if (height > highest) this.tokens.fail(`an expression of at most ${highest} levels`);
    return { ...node, height, start, end: this.tokens.lastEnd } as Expression;
  }

  #binary(left: Expression, weakest: number): Expression | undefined {
    const { kind, text } = this.tokens.peek();
    const found = kind === 'word' ? infix[text.toUpperCase()] : kind === 'symbol' ? infix[text] : undefined;
    if (found === undefined || found[1] <= weakest) return undefined;
    const [operator, binds] = found;
    this.tokens.next();
    const right = this.expression(binds);
    if (binds === bindsComparison) this.#refuseChain();
    return this.node(left.start, { kind: 'binary', operator, left, right }, left, right);
  }

  #refuseChain(): void {
    const { kind, text } = this.tokens.peek();
    if (kind === 'symbol' && infix[text]?.[1] === bindsComparison) this.tokens.fail('AND between two comparisons');
  }

  /** [NOT] IN, [NOT] BETWEEN, [NOT] LIKE, IS [NOT] NULL: they bind as comparisons do. */
  #predicate(operand: Expression, weakest: number): Expression | undefined {
    if (weakest >= bindsComparison) return undefined;
    if (this.tokens.isWord('IS')) return this.#nullTest(operand);
    const negated = this.tokens.isWord('NOT') && ['IN', 'BETWEEN', 'LIKE'].some(word => this.tokens.isWord(word, 1));
    const ahead = negated ? 1 : 0;
    if (!['IN', 'BETWEEN', 'LIKE'].some(word => this.tokens.isWord(word, ahead)) || this.#isAlias(ahead))
      return undefined;
    if (negated) this.tokens.next();
    const word = this.tokens.next().text.toUpperCase();
    if (word === 'IN') return this.#membership(operand, negated);
    return word === 'LIKE' ? this.#like(operand, negated) : this.#between(operand, negated);
  }

  /** `SELECT x like FROM ...`: LIKE, BETWEEN and IS are no reserved words in EMQX, so they may be names there. */
  #isAlias(ahead: number): boolean {
    const after = ahead + 1;
    return (
      !this.tokens.isReserved(ahead) &&
      (this.tokens.isSymbol(',', after) || this.tokens.isWord('FROM', after) || this.tokens.peek(after).kind === 'end')
    );
  }

  #nullTest(operand: Expression): Expression | undefined {
    if (this.#isAlias(0)) return undefined;
    this.tokens.next();
    const negated = this.tokens.takeWord('NOT');
    this.tokens.expectWord('NULL', ...(negated ? [] : ['NOT NULL']));
    return this.node(operand.start, { kind: 'is-null', operand, negated }, operand);
  }

  #membership(operand: Expression, negated: boolean): Expression {
    this.tokens.expectSymbol('(');
    const items = this.#list(')');
    return this.node(operand.start, { kind: 'in', operand, items, negated }, operand, ...items);
  }

  #between(operand: Expression, negated: boolean): Expression {
    const low = this.expression(bindsComparison);
    this.tokens.expectWord('AND');
    const high = this.expression(bindsComparison);
    return this.node(operand.start, { kind: 'between', operand, low, high, negated }, operand, low, high);
  }

  #like(operand: Expression, negated: boolean): Expression {
    const pattern = this.expression(bindsComparison);
    return this.node(operand.start, { kind: 'like', operand, pattern, negated }, operand, pattern);
  }

  #prefix(weakest: number): Expression {
    const { start } = this.tokens.peek();
    if (weakest <= bindsNot && this.tokens.takeWord('NOT')) return this.#unary(start, 'not', bindsNot - 1);
    if (this.tokens.takeSymbol('-')) return this.#unary(start, '-', bindsSign);
    if (this.tokens.takeSymbol('+')) return this.#unary(start, '+', bindsSign);
    return this.#postfix(this.#primary(start));
  }

  #unary(start: number, operator: '+' | '-' | 'not', binds: number): Expression {
    const operand = this.expression(binds);
    return this.node(start, { kind: 'unary', operator, operand }, operand);
  }

  #primary(start: number): Expression {
    const { kind } = this.tokens.peek();
    if (kind === 'number' || kind === 'text') return this.#literal(start);
    if (kind === 'name') return this.#name(start);
    if (this.tokens.takeWord('CASE')) return parseCase(this, start);
    if (this.tokens.takeWord('IF')) return parseIf(this, start);
    if (kind === 'word' && !this.tokens.isReserved()) return this.#name(start);
    if (this.tokens.takeSymbol('(')) return this.#group();
    if (this.tokens.takeSymbol('[')) return this.#range(start) ?? this.#listLiteral(start);
    if (this.tokens.takeSymbol('{')) return this.#mapLiteral(start);
    return this.tokens.fail('a value', ['CASE', 'FROM', 'NOT']);
  }

  #literal(start: number): Expression {
    const { text, value = text } = this.tokens.next();
    return this.node(start, { kind: 'literal', value });
  }

  #group(): Expression {
    const inner = this.expression(0);
    this.tokens.expectSymbol(')', 'an operator');
    return inner;
  }

  /** A constant, a function call, or the beginning of a path. */
  #name(start: number): Expression {
    const { kind, text } = this.tokens.next();
    const constant = text.toUpperCase();
    if (this.tokens.isSymbol('(')) {
      return kind === 'word' && constant === 'CAST' ? parseCast(this, start) : this.#call(start, text);
    }
    if (kind === 'word' && Object.hasOwn(constants, constant)) {
      return this.node(start, { kind: 'literal', value: constants[constant] });
    }
    const quoted = kind === 'name' ? { quoted: true as const } : {};
    return this.node(start, { kind: 'path', name: text, ...quoted, steps: [] });
  }

  #call(start: number, name: string): Expression {
    this.tokens.expectSymbol('(');
    const quantifier = this.#quantifier(name);
    const parameters = this.#list(')', () => this.#duration() ?? parseLambda(this) ?? this.expression(0));
    const over = parseOver(this);
    const node: Unmeasured<Call> = {
      kind: 'call',
      name,
      parameters,
      ...(quantifier && { quantifier }),
      ...(over && { over }),
    };
    return this.node(start, node, ...partsOf(node as Call));
  }

  #quantifier(name: string): Call['quantifier'] {
    if (name.toUpperCase() !== 'COUNT') return undefined;
    if (this.tokens.isSymbol('*') && this.tokens.isSymbol(')', 1)) {
      this.tokens.next();
      return '*';
    }
    return this.tokens.takeWord('DISTINCT') ? 'distinct' : undefined;
  }

  /** A duration among parameters is its text: `DEDUP(x, 60s)` means `DEDUP(x, '60s')`. */
  #duration(): Expression | undefined {
    const { start } = this.tokens.peek();
    const value = this.tokens.takeDuration();
    return value === undefined ? undefined : this.node(start, { kind: 'literal', value });
  }

  #list(close: string, parseItem = () => this.expression(0)): Expression[] {
    const items: Expression[] = [];
    if (this.tokens.takeSymbol(close)) return items;
    do items.push(parseItem());
    while (this.tokens.takeSymbol(','));
    this.tokens.expectSymbol(close, '`,`');
    return items;
  }

  #listLiteral(start: number): Expression {
    const items = this.#list(']');
    return this.node(start, { kind: 'list', items }, ...items);
  }

  /** `{a: 1, 'b-c': 2}`, with the bracket already taken. */
  #mapLiteral(start: number): Expression {
    const entries: MapLiteral['entries'][number][] = [];
    if (!this.tokens.takeSymbol('}')) {
      do entries.push(this.#mapEntry());
      while (this.tokens.takeSymbol(','));
      this.tokens.expectSymbol('}', '`,`');
    }
    return this.node(start, { kind: 'map', entries }, ...entries.map(({ value }) => value));
  }

  #mapEntry(): MapLiteral['entries'][number] {
    const key = this.tokens.takeKey();
    this.tokens.expectSymbol(':');
    return { key, value: this.expression(0) };
  }

  /** `[1..5]`, with the bracket already taken; undefined when something else follows it. */
  #range(start: number): Expression | undefined {
    const bounds = this.#bounds();
    if (bounds === undefined) return undefined;
    const [from, to] = bounds;
    if (to < from - 1) this.tokens.fail('a range that ends where it begins or later');
    if (to - from >= longestRange) this.tokens.fail(`a range of at most ${longestRange} numbers`);
    const value = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return this.node(start, { kind: 'literal', value });
  }

  /** `1..-2]` */
  #bounds(): [number, number] | undefined {
    const signs = [0, 1].map(ahead => (this.tokens.isSymbol('-', ahead) ? 1 : 0));
    const firstSign = signs[0]!;
    if (this.tokens.peek(firstSign).kind !== 'number' || !this.tokens.isSymbol('..', firstSign + 1)) return undefined;
    const from = this.#bound();
    this.tokens.expectSymbol('..');
    const to = this.#bound();
    this.tokens.expectSymbol(']');
    return [from, to];
  }

  #bound(): number {
    const sign = this.tokens.takeSymbol('-') ? -1 : 1;
    const { kind, text } = this.tokens.peek();
    if (kind !== 'number' || !/^\d{1,9}$/.test(text)) this.tokens.fail('a whole number');
    return sign * Number(this.tokens.next().text) + 0;
  }

  /** Steps, slices and calls behind a value. A literal takes none: 'a'.b is no path. */
  #postfix(base: Expression): Expression {
    let left = base;
    for (;;) {
      const extended = this.#step(left);
      if (extended === undefined) return left;
      left = extended;
    }
  }

  #step(left: Expression): Expression | undefined {
    if (left.kind === 'literal') return undefined;
    if (this.tokens.takeSymbol('.')) {
      const deeper = this.tokens.takeKeys().reduce<Expression>((path, key) => this.#deeper(path, { key }), left);
      return this.#moduleCall(deeper);
    }
    const { start: opened } = this.tokens.peek();
    if (!this.tokens.takeSymbol('[')) return undefined;
    const bounds = this.#bounds();
    if (bounds !== undefined) {
      const [from, to] = bounds;
      refuseRange(this.tokens.sql, { start: opened, from, to });
      return this.node(left.start, { kind: 'slice', base: left, from, to }, left);
    }
    const index = this.expression(0);
    refusePosition(this.tokens.sql, index, left);
    this.tokens.expectSymbol(']');
    return this.#deeper(left, { index });
  }

  #deeper(left: Expression, step: Step): Expression {
    const inner = 'index' in step ? [step.index] : [];
    if (left.kind === 'path' || left.kind === 'access') {
      if (left.steps.length >= highest) this.tokens.fail(`a path of at most ${highest} steps`);
      const children = left.steps.flatMap(each => ('index' in each ? [each.index] : []));
      const node = { ...left, steps: [...left.steps, step] } as Unmeasured;
      return this.node(left.start, node, ...children, ...inner, ...(left.kind === 'access' ? [left.base] : []));
    }
    return this.node(left.start, { kind: 'access', base: left, steps: [step] }, left, ...inner);
  }

  /** `module.function(...)`: EMQX's external functions. There are none here, and the compiler says so by the whole name. */
  #moduleCall(path: Expression): Expression {
    if (!this.tokens.isSymbol('(') || path.kind !== 'path') return path;
    return this.#call(path.start, this.tokens.sql.slice(path.start, path.end));
  }
}
