/**
 * A rule's clauses: [LET name = value, ...] and a SELECT list, or FOREACH list [DO list] [INCASE condition]; then FROM sources [WHERE condition] [GROUP BY ...].
 * Expressions are in expression-parser.ts, GROUP BY is in windows/group-by-parser.ts.
 */
import { MkbError } from '../api/errors.ts';
import { ExpressionParser } from './expression-parser.ts';
import { tokenize } from './lexer.ts';
import { placeAt } from './position.ts';
import type { AliasPath, Foreach, FromItem, Let, Selected, SelectedValue, Statement } from './syntax.ts';
import { TokenReader } from './token-reader.ts';
import { parseGroupBy } from './windows/group-by-parser.ts';

/** How long the path of an alias may be, as any path (expression-parser.ts). */
const mostSteps = 1000;

/** Parses a rule. Throws `rule-syntax`, `rule-window-invalid`, or `rule-unsupported` for grammar that this version knows and does not run. */
export const parseRule = (sql: string): Statement => {
  const tokens = new TokenReader(sql, tokenize(sql));
  const head = parseHead(tokens);
  const from = commaList(tokens, () => parseFromItem(tokens));
  const where = tokens.takeWord('WHERE') ? new ExpressionParser(tokens).parse() : undefined;
  if (head.foreach !== undefined && tokens.isWord('GROUP')) refuse(tokens, 'GROUP BY after FOREACH');
  const groupBy = parseGroupBy(tokens);
  if (tokens.peek().kind !== 'end') failAtEnd(tokens, { where, groupBy });
  return { ...head, from, ...(where && { where }), ...(groupBy && { groupBy }) };
};

type Head = Pick<Statement, 'lets' | 'selected' | 'foreach'>;

/** Everything up to FROM, and FROM itself. */
const parseHead = (tokens: TokenReader): Head => {
  const lets = parseLets(tokens);
  return lets.length === 0
    ? parseSelection(tokens, 'SELECT or FOREACH')
    : { lets, ...parseSelection(tokens, '`,`, SELECT or FOREACH') };
};

const parseLets = (tokens: TokenReader): Let[] => {
  const lets: Let[] = [];
  while (tokens.takeWord('LET')) {
    do lets.push(parseLet(tokens));
    while (tokens.takeSymbol(','));
  }
  return lets;
};

const parseLet = (tokens: TokenReader): Let => {
  const { kind, start } = tokens.peek();
  if (kind !== 'name' && (kind !== 'word' || tokens.isReserved())) tokens.fail('a name for the value');
  const name = tokens.next().text;
  tokens.expectSymbol('=');
  const expression = new ExpressionParser(tokens).parse();
  return { name, expression, start, end: tokens.lastEnd };
};

/** @param expected what can stand here */
const parseSelection = (tokens: TokenReader, expected: string): Head => {
  if (tokens.takeWord('FOREACH')) return parseForeach(tokens);
  if (!tokens.takeWord('SELECT')) tokens.fail(expected, ['SELECT', 'FOREACH', 'LET']);
  refuseDistinct(tokens);
  const selected = commaList(tokens, () => parseSelected(tokens));
  tokens.expectWord('FROM', '`,`');
  return { selected };
};

/** `SELECT DISTINCT a`, unless `distinct` is itself what is selected. */
const refuseDistinct = (tokens: TokenReader): void => {
  if (!tokens.isWord('DISTINCT')) return;
  const { kind } = tokens.peek(1);
  const isName = kind === 'symbol' ? !['*', '(', '[', '{'].some(each => tokens.isSymbol(each, 1)) : kind === 'end';
  if (!isName && !tokens.isWord('AS', 1) && !tokens.isWord('FROM', 1)) tokens.fail('a value');
};

const parseForeach = (tokens: TokenReader): Head => {
  const fields = commaList(tokens, () => parseSelectedValue(tokens)) as [SelectedValue, ...SelectedValue[]];
  const { start, end } = fields.at(-1)!;
  const hasDo = tokens.takeWord('DO');
  const selected: Selected[] = hasDo ? commaList(tokens, () => parseSelected(tokens)) : [{ kind: 'all', start, end }];
  const incase = tokens.takeWord('INCASE') ? new ExpressionParser(tokens).parse() : undefined;
  if (incase !== undefined) tokens.expectWord('FROM', 'an operator');
  else if (hasDo) expectFrom(tokens, '`,`, INCASE or FROM', ['FROM', 'INCASE']);
  else expectFrom(tokens, '`,`, DO, INCASE or FROM', ['FROM', 'DO', 'INCASE']);
  const foreach: Foreach = incase === undefined ? { fields } : { fields, incase };
  return { selected, foreach };
};

/** FROM, with a complaint that names everything that could stand here. */
const expectFrom = (tokens: TokenReader, expected: string, keywords: readonly string[]): void => {
  if (!tokens.takeWord('FROM')) tokens.fail(expected, keywords);
};

const refuse = (tokens: TokenReader, what: string): never => {
  throw new MkbError('rule-unsupported', { ...placeAt(tokens.sql, tokens.peek().start), what });
};

const noNames = 'Topics have no names in a rule: columns are payload, topic and so on, and {name} captures a level.';

const failAtEnd = (tokens: TokenReader, { where, groupBy }: Pick<Statement, 'where' | 'groupBy'>): never => {
  if (groupBy?.having !== undefined) return tokens.fail('an operator or the end of the rule', ['AND', 'OR']);
  if (groupBy !== undefined) return tokens.fail('`,`, HAVING or the end of the rule', ['HAVING']);
  return where === undefined
    ? tokens.fail(
        '`,`, WHERE, GROUP BY or the end of the rule',
        ['WHERE', 'GROUP'],
        tokens.isWord('AS') ? noNames : undefined,
      )
    : tokens.fail('an operator, GROUP BY or the end of the rule', ['AND', 'OR', 'GROUP']);
};

const commaList = <T>(tokens: TokenReader, parseItem: () => T): T[] => {
  const items = [parseItem()];
  while (tokens.takeSymbol(',')) items.push(parseItem());
  return items;
};

const parseSelected = (tokens: TokenReader): Selected => {
  const { start } = tokens.peek();
  if (tokens.takeSymbol('*')) return { kind: 'all', start, end: tokens.lastEnd };
  return parseSelectedValue(tokens);
};

const parseSelectedValue = (tokens: TokenReader): SelectedValue => {
  const { start } = tokens.peek();
  const expression = new ExpressionParser(tokens).parse();
  const bare = !tokens.isWord('AS');
  const alias = parseAlias(tokens);
  const end = tokens.lastEnd;
  if (alias === undefined) return { kind: 'value', expression, start, end };
  return { kind: 'value', expression, alias, ...(bare && { bare }), start, end };
};

/** `AS a.b[1]`; AS may be left out before a bare word or a name in double quotes. */
const parseAlias = (tokens: TokenReader): AliasPath | undefined => {
  const explicit = tokens.takeWord('AS');
  const { kind } = tokens.peek();
  const named = kind === 'name' || (kind === 'word' && !tokens.isReserved()) || (explicit && kind === 'text');
  if (named) return parseAliasPath(tokens);
  return explicit ? tokens.fail('a name for the value') : undefined;
};

const parseAliasPath = (tokens: TokenReader): AliasPath => {
  const path: [string, ...(string | number)[]] = [tokens.next().text];
  for (;;) {
    if (path.length > mostSteps) tokens.fail(`a name of at most ${mostSteps} steps`);
    if (tokens.takeSymbol('.')) for (const key of tokens.takeKeys()) path.push(key);
    else if (tokens.takeSymbol('[')) path.push(parseAliasPosition(tokens));
    else return path;
  }
};

/** A whole number; `-0` is not `0`: it stands for the place after the last element. */
const parseAliasPosition = (tokens: TokenReader): number => {
  const sign = tokens.takeSymbol('-') ? -1 : 1;
  const { kind, text } = tokens.peek();
  if (kind !== 'number' || !/^\d{1,9}$/.test(text)) tokens.fail('a position such as 1');
  tokens.next();
  tokens.expectSymbol(']');
  return sign * Number(text);
};

const parseFromItem = (tokens: TokenReader): FromItem => {
  const { kind } = tokens.peek();
  const isSource = kind === 'name' || kind === 'text' || (kind === 'word' && !tokens.isReserved());
  if (!isSource) tokens.fail('a topic filter in quotes');
  const { text, start, end } = tokens.next();
  return { text, start, end };
};
