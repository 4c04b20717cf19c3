/** Expressions with words of their own: CASE, IF(a, b, c), CAST(x AS type), and lambdas (`x -> x.value`). */
import { nearest } from '../api/nearest.ts';
import type { ExpressionReader, Unmeasured } from './expression-reader.ts';
import type { Case, Expression, Over } from './syntax.ts';

/** With CASE already taken. */
export const parseCase = (parser: ExpressionReader, start: number): Expression => {
  const { tokens } = parser;
  const subject = tokens.isWord('WHEN') ? undefined : parser.expression(0);
  const branches: Case['branches'][number][] = [];
  while (tokens.takeWord('WHEN')) {
    const when = parser.expression(0);
    tokens.expectWord('THEN', 'an operator');
    branches.push({ when, result: parser.expression(0) });
  }
  if (branches.length === 0) tokens.fail('WHEN', ['WHEN']);
  const otherwise = tokens.takeWord('ELSE') ? parser.expression(0) : undefined;
  if (!tokens.takeWord('END')) {
    tokens.fail(otherwise === undefined ? 'WHEN, ELSE or END' : 'END', ['WHEN', 'ELSE', 'END']);
  }
  return caseNode(parser, start, { branches, subject, otherwise });
};

interface CaseParts {
  readonly branches: Case['branches'];
  readonly subject?: Expression | undefined;
  readonly otherwise?: Expression | undefined;
}

const caseNode = (parser: ExpressionReader, start: number, { branches, subject, otherwise }: CaseParts): Expression => {
  const children = branches.flatMap(({ when, result }) => [when, result]);
  const node: Unmeasured<Case> = {
    kind: 'case',
    branches,
    ...(subject === undefined ? {} : { subject }),
    ...(otherwise === undefined ? {} : { otherwise }),
  };
  return parser.node(start, node, ...children, ...[subject, otherwise].filter(each => each !== undefined));
};

/** `IF(condition, value [, otherwise])`, with IF already taken: a CASE with one branch. */
export const parseIf = (parser: ExpressionReader, start: number): Expression => {
  const { tokens } = parser;
  tokens.expectSymbol('(');
  const when = parser.expression(0);
  tokens.expectSymbol(',', 'an operator');
  const result = parser.expression(0);
  const otherwise = tokens.takeSymbol(',') ? parser.expression(0) : undefined;
  tokens.expectSymbol(')', ...(otherwise === undefined ? ['`,`'] : ['an operator']));
  return caseNode(parser, start, { branches: [{ when, result }], otherwise });
};

const byType: Readonly<Record<string, readonly string[]>> = {
  str: ['TEXT', 'STRING', 'VARCHAR', 'CHAR'],
  int: ['INTEGER', 'INT', 'BIGINT', 'SMALLINT'],
  float: ['FLOAT', 'DOUBLE', 'REAL'],
  bool: ['BOOLEAN', 'BOOL'],
  map: ['MAP'],
};

const types = Object.values(byType).flat();

/** `CAST(x AS type)`, with CAST already taken. */
export const parseCast = (parser: ExpressionReader, start: number): Expression => {
  const { tokens } = parser;
  tokens.expectSymbol('(');
  const operand = parser.expression(0);
  tokens.expectWord('AS', 'an operator');
  const { kind, text } = tokens.peek();
  const wanted = text.toUpperCase();
  const found = Object.entries(byType).find(([, names]) => kind === 'word' && names.includes(wanted))?.[0];
  if (found === undefined) {
    const near = nearest(wanted, types);
    const hint = `A type is one of ${types.map(type => type.toLowerCase()).join(', ')}.`;
    return tokens.fail('a type', [], near === undefined ? hint : `Did you mean ${near.toLowerCase()}? ${hint}`);
  }
  tokens.next();
  // DOUBLE PRECISION and VARCHAR(40) are types in other dialects; here text has no width.
  if (wanted === 'DOUBLE') tokens.takeWord('PRECISION');
  tokens.expectSymbol(')');
  return parser.node(start, { kind: 'cast', operand, function: found }, operand);
};

/** `OVER (PARTITION BY a, b WHEN condition)` behind a call; undefined when something else comes. */
export const parseOver = (parser: ExpressionReader): Over | undefined => {
  const { tokens } = parser;
  if (!tokens.isWord('OVER') || !tokens.isSymbol('(', 1)) return undefined;
  tokens.next();
  tokens.next();
  const partition: Expression[] = [];
  if (tokens.takeWord('PARTITION')) {
    tokens.expectWord('BY');
    do partition.push(parser.expression(0));
    while (tokens.takeSymbol(','));
  }
  const when = tokens.takeWord('WHEN') ? parser.expression(0) : undefined;
  if (!tokens.takeSymbol(')')) {
    const expected = [
      ...(partition.length === 0 && !when ? ['PARTITION BY'] : ['`,`']),
      ...(when ? [] : ['WHEN']),
      '`)`',
    ];
    tokens.fail(expected.join(' or '), ['PARTITION', 'WHEN']);
  }
  return when === undefined ? { partition } : { partition, when };
};

/** `x -> value` or `(x, y) -> value`; undefined when something else comes. */
export const parseLambda = (parser: ExpressionReader): Expression | undefined => {
  const { tokens } = parser;
  const { start } = tokens.peek();
  const names: string[] = [];
  if (isName(parser, 0) && tokens.isSymbol('->', 1)) names.push(tokens.next().text);
  else if (isNameList(parser)) {
    do {
      tokens.next();
      names.push(tokens.next().text);
    } while (tokens.isSymbol(','));
    tokens.expectSymbol(')');
  } else return undefined;
  tokens.expectSymbol('->');
  const body = parser.expression(0);
  return parser.node(start, { kind: 'lambda', names, body }, body);
};

const isName = ({ tokens }: ExpressionReader, ahead: number): boolean =>
  tokens.peek(ahead).kind === 'word' && !tokens.isReserved(ahead);

/** Whether `(a, b) ->` comes. */
const isNameList = (parser: ExpressionReader): boolean => {
  const { tokens } = parser;
  if (!tokens.isSymbol('(') || !isName(parser, 1)) return false;
  let at = 2;
  while (tokens.isSymbol(',', at) && isName(parser, at + 1)) at += 2;
  return tokens.isSymbol(')', at) && tokens.isSymbol('->', at + 1);
};
