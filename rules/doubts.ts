/**
 * What is valid in a rule and hardly ever meant: each is a warning with its place and what to write instead. What can never be right is refused by the
 * parser and the compiler.
 */
import { type Column, findColumn } from './columns.ts';
import type { Names } from './names.ts';
import { parseNumber } from './numbers.ts';
import type { RuleSource } from './rule-source.ts';
import { capturedBy } from './sources.ts';
import type {
  Binary,
  Call,
  Expression,
  FromItem,
  PathExpression,
  Selected,
  SelectedValue,
  Statement,
} from './syntax.ts';
import { isNumeric, isText, type Value } from './value.ts';
import { expressionsOf, within } from './walk.ts';

export interface Doubt {
  /** In the SQL, UTF-16 code units. */
  readonly offset: number;
  /** What is there, and what to write instead. */
  readonly reason: string;
}

export const doubtsOf = (
  statement: Statement,
  { sql, names, sources }: { readonly sql: string; readonly names: Names; readonly sources: readonly RuleSource[] },
): Doubt[] => {
  const values = [...statement.selected.filter(isValue), ...(statement.foreach?.fields ?? [])];
  const expressions = expressionsOf(statement).flatMap(each => [...within(each)]);
  const aliases = new Set(values.map(({ alias }) => alias?.[0]));
  const doubts = [
    ...values.flatMap(value => missingComma(value, sql, names)),
    ...expressions.flatMap(each => ofExpression(each, sql, names)),
    ...expressions.flatMap(each => nothingInside(each, names, aliases)),
    ...statement.from.flatMap(ofFilter),
    ...sources.flatMap((source, at) => hiddenColumns(source, statement.from[at]!)),
  ];
  return doubts.sort((a, b) => a.offset - b.offset);
};

const isValue = (item: Selected): item is SelectedValue => item.kind === 'value';

/** `SELECT payload.a payload.b`: AS may be left out, so the second is the name of the first. */
const missingComma = ({ expression, alias, bare }: SelectedValue, sql: string, names: Names): Doubt[] => {
  if (bare !== true || alias === undefined) return [];
  const [name] = alias;
  if (alias.length === 1 && names.reader(name) === undefined) return [];
  const written = alias.join('.');
  const value = sql.slice(expression.start, expression.end);
  return [
    {
      offset: expression.start,
      reason: `${value} gets the name ${written}, for there is no comma between them. Write \`${value}, ${written}\`, or \`${value} AS ${written}\``,
    },
  ];
};

const ofExpression = (expression: Expression, sql: string, names: Names): Doubt[] => {
  switch (expression.kind) {
    case 'binary':
      return [
        ...dash(expression, sql),
        ...comparison(expression, sql, names),
        ...quoted(comparedWith(expression), names),
      ];
    case 'in':
      return [
        ...expression.items.flatMap(item => [...never(item), ...wildcardsIn(expression.operand, item)]),
        ...quoted(expression.items, names),
      ];
    case 'like':
      return [...globs(expression.pattern), ...quoted([expression.pattern], names)];
    case 'between':
      return reversed(expression.low, expression.high, sql);
    case 'case': {
      const { subject, branches } = expression;
      if (subject === undefined) return [];
      const whens = branches.map(({ when }) => when);
      return [...whens.flatMap(never), ...quoted(whens, names)];
    }
    case 'call':
      return [...quoted(expression.parameters, names), ...forgottenTotal(expression)];
    default:
      return [];
  }
};

/** `payload.DS18B20-1` */
const dash = ({ operator, left, right }: Binary, sql: string): Doubt[] => {
  const adjacent = operator === '-' && right.start - left.end === 1 && left.kind === 'path';
  if (!adjacent || (right.kind !== 'path' && right.kind !== 'literal')) return [];
  const meant = withDash(left, sql.slice(left.end, right.end));
  if (meant === undefined) return [];
  const written = sql.slice(left.start, right.end);
  return [
    {
      offset: left.start,
      reason: `${written} is a subtraction. If a key with a dash is meant, write ${meant}; if not, put spaces around the minus`,
    },
  ];
};

/** A sum that is taken for the meter of a device. */
const forgottenTotal = ({ name, start }: Call): Doubt[] =>
  /^acc_(?:sum|count)$/i.test(name)
    ? [
        {
          offset: start,
          reason: `${name}() begins at zero again when the bridge restarts. A total that must survive that is made behind Kafka, or of what the device counts itself`,
        },
      ]
    : [];

/** `topic.vin`, `qos[1]`: undefined in every message. */
const nothingInside = (expression: Expression, names: Names, aliases: ReadonlySet<string | undefined>): Doubt[] => {
  if (expression.kind !== 'path' || expression.steps.length === 0 || aliases.has(expression.name)) return [];
  const { name, start } = expression;
  const what = names.withoutInside(name);
  const hidden = Object.values(ownNames).some(own => own.has(name)) && names.captureNames.includes(name);
  if (what === undefined || hidden) return [];
  return [{ offset: start, reason: `${name} is ${what}, and has nothing inside: the path never has a value` }];
};

const withDash = ({ name, steps }: PathExpression, rest: string): string | undefined => {
  const keys = steps.map(step => ('key' in step ? step.key : undefined));
  if (keys.includes(undefined)) return undefined;
  const [word = '', ...after] = rest.split('.');
  const tail = after.map(key => `.${key}`).join('');
  const last = keys.at(-1);
  return last === undefined
    ? `"${name}${word}"${tail}`
    : `${[name, ...keys.slice(0, -1)].join('.')}.'${last}${word}'${tail}`;
};

const comparison = (expression: Binary, sql: string, names: Names): Doubt[] => {
  const { operator, left, right } = expression;
  if (operator === '=~') return likeSigns(right);
  if (!['=', '!=', '<', '<=', '>', '>='].includes(operator)) return [];
  for (const side of [left, right]) {
    if (!isNull(side)) continue;
    const against = side === left ? right : left;
    if (against.kind === 'literal') {
      return [{ offset: expression.start, reason: 'A comparison with null is unknown, never true' }];
    }
    const other = sql.slice(against.start, against.end);
    const test = operator === '!=' ? `${other} IS NOT NULL` : `${other} IS NULL`;
    return [{ offset: expression.start, reason: `A comparison with null is unknown, never true. Write ${test}` }];
  }
  return [
    ...wildcardsIn(left, right),
    ...wildcardsIn(right, left),
    ...kinds(left, right, names),
    ...kinds(right, left, names),
  ];
};

const isNull = (expression: Expression): boolean => expression.kind === 'literal' && expression.value === undefined;

const never = (expression: Expression): Doubt[] =>
  isNull(expression)
    ? [
        {
          offset: expression.start,
          reason: 'Nothing is the same as null, not even null. Write IS NULL for what is missing',
        },
      ]
    : [];

const textOf = (expression: Expression): string | undefined =>
  expression.kind === 'literal' && isText(expression.value) ? expression.value.toString() : undefined;

/** `topic = 'cars/#'`: no topic has wildcards in it. */
const wildcardsIn = (left: Expression, right: Expression): Doubt[] => {
  const text = textOf(right);
  const isTopic = left.kind === 'path' && left.name === 'topic' && left.steps.length === 0;
  if (!isTopic || text === undefined || !/(^|\/)[+#](\/|$)/.test(text)) return [];
  return [{ offset: right.start, reason: `No topic has wildcards in it. Write topic =~ '${text}' to match a filter` }];
};

/** `LIKE 'cars/*'` */
const globs = (pattern: Expression): Doubt[] => {
  const text = textOf(pattern);
  if (text === undefined || /[%_]/.test(text) || !/[*#+?]/.test(text)) return [];
  return [
    {
      offset: pattern.start,
      reason: `LIKE knows the wildcards % (any text) and _ (one character); '${text}' matches this very text. A topic filter is matched by =~`,
    },
  ];
};

/** `topic =~ 'cars/%'` */
const likeSigns = (filter: Expression): Doubt[] => {
  const text = textOf(filter);
  if (text === undefined || !/[%*]/.test(text)) return [];
  return [
    { offset: filter.start, reason: "=~ takes a topic filter, whose wildcards are + and #. The wildcard % is LIKE's" },
  ];
};

const reversed = (low: Expression, high: Expression, sql: string): Doubt[] => {
  if (low.kind !== 'literal' || high.kind !== 'literal') return [];
  if (typeof low.value !== 'number' || typeof high.value !== 'number' || low.value <= high.value) return [];
  const [from, to] = [sql.slice(high.start, high.end), sql.slice(low.start, low.end)];
  return [{ offset: low.start, reason: `Nothing is between ${to} and ${from}. Write BETWEEN ${from} AND ${to}` }];
};

/** A column whose type is known, compared with a constant that is never of it. */
const kinds = (left: Expression, right: Expression, names: Names): Doubt[] => {
  if (left.kind !== 'path' || right.kind !== 'literal' || !names.isColumn(left.name)) return [];
  const column: Column | undefined = findColumn(left.name, names.kinds);
  const { value } = right;
  if (column?.name === 'flags' && left.steps.length === 1 && isNumeric(value)) {
    return [
      {
        offset: left.start,
        reason: `flags are true or false, and no number is equal to that. Write \`flags.retain\`, or \`NOT flags.retain\``,
      },
    ];
  }
  const isWhole = column?.type === 'integer' && left.steps.length === 0;
  if (!isWhole || !isOtherText(value)) return [];
  return [
    {
      offset: right.start,
      reason: `${left.name} is a number, and this text is none: the rule fails for every message`,
    },
  ];
};

const isOtherText = (value: Value): boolean => isText(value) && parseNumber(value.toString()) === undefined;

/** Beside a constant, a name in double quotes is certainly a name. */
const comparedWith = ({ left, right }: Binary): Expression[] => (right.kind === 'literal' ? [] : [left, right]);

/** `payload.kind = "topic"` */
const quoted = (operands: readonly Expression[], names: Names): Doubt[] =>
  operands.flatMap(operand => {
    if (operand.kind !== 'path' || operand.quoted !== true || operand.steps.length > 0) return [];
    if (!/^\w+$/.test(operand.name) || names.reader(operand.name) === undefined) return [];
    const { name, start } = operand;
    return [{ offset: start, reason: `"${name}" is the column ${name}. Text stands in single quotes: '${name}'` }];
  });

const ofFilter = ({ text, start }: FromItem): Doubt[] => {
  if (text !== text.trim())
    return [
      { offset: start, reason: 'The filter begins or ends with a space, which is part of the topic. Leave it out' },
    ];
  if (text.startsWith('$kafka/')) return [];
  const level = text.split('/').find(each => /^(\*+|%|:\w+|<\w+>)$/.test(each));
  if (level === undefined) return [];
  const name = /^\W(\w+)/.exec(level)?.[1];
  const instead = name === undefined ? '+ for one level, or # for the rest' : `{${name}}`;
  return [{ offset: start, reason: `\`${level}\` is this very text, and no wildcard. Write ${instead}` }];
};

/** Columns that a rule needs of a message, and a capture of the same name would hide. */
const ownNames = {
  mqtt: new Set(['payload', 'topic', 'qos', 'flags', 'timestamp']),
  kafka: new Set(['key', 'value', 'headers', 'topic', 'partition', 'offset', 'ts']),
  event: new Set<string>(),
} as const;

/** `{topic}` */
const hiddenColumns = (source: RuleSource, { start }: FromItem): Doubt[] =>
  capturedBy(source)
    .filter(name => ownNames[source.kind].has(name))
    .map(name => ({
      offset: start,
      reason: `The capture {${name}} hides the column ${name} of the message. Give it another name`,
    }));
