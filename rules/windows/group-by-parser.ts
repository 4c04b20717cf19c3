/** GROUP BY: keys, one window among them, and HAVING. */
import { MkbError } from '../../api/errors.ts';
import { durationMs } from '../../api/units.ts';
import { ExpressionParser } from '../expression-parser.ts';
import { placeAt } from '../position.ts';
import type { Expression, GroupBy, WindowSpec } from '../syntax.ts';
import type { TokenReader } from '../token-reader.ts';

/** Timers below it are not exact, and what is longer than a process usually lives is not for its memory. */
const shortest = '10ms';
const longest = '7d';
/** Each closing of a hopping window adds up as many parts for every key. */
const mostHops = 100;

/** GROUP BY and HAVING; undefined where there is none. Throws `rule-syntax` and `rule-window-invalid`. */
export const parseGroupBy = (tokens: TokenReader): GroupBy | undefined => {
  const { start } = tokens.peek();
  if (!tokens.takeWord('GROUP')) return undefined;
  tokens.expectWord('BY');
  const keys: Expression[] = [];
  let window: WindowSpec | undefined;
  let windowText = '';
  do {
    const at = tokens.peek().start;
    const found = parseWindow(tokens);
    if (found === undefined) keys.push(new ExpressionParser(tokens).parse());
    else if (window !== undefined) invalid(tokens, at, 'a rule has one window');
    else {
      window = found;
      windowText = tokens.sql.slice(at, tokens.lastEnd);
    }
  } while (tokens.takeSymbol(','));
  if (window === undefined) return invalid(tokens, start, 'GROUP BY needs a window, because messages never end');
  if (!tokens.takeWord('HAVING')) return { keys, window, windowText };
  return { keys, window, windowText, having: new ExpressionParser(tokens).parse() };
};

const invalid = (tokens: TokenReader, offset: number, reason: string): never => {
  throw new MkbError('rule-window-invalid', { ...placeAt(tokens.sql, offset), reason });
};

const parseWindow = (tokens: TokenReader): WindowSpec | undefined => {
  if (!tokens.isSymbol('(', 1)) return undefined;
  if (tokens.takeWord('TUMBLING')) return parseTumbling(tokens);
  if (tokens.takeWord('HOPPING')) return parseHopping(tokens);
  return tokens.takeWord('SESSION') ? parseSession(tokens) : undefined;
};

const parseTumbling = (tokens: TokenReader): WindowSpec => {
  const [sizeMs] = parseDurations(tokens, 1) as [number];
  return { kind: 'tumbling', sizeMs, hopMs: sizeMs };
};

const parseHopping = (tokens: TokenReader): WindowSpec => {
  const { start } = tokens.peek();
  const [sizeMs, hopMs] = parseDurations(tokens, 2) as [number, number];
  if (sizeMs % hopMs !== 0) invalid(tokens, start, 'the size of a hopping window must be a multiple of its hop');
  if (sizeMs / hopMs > mostHops) invalid(tokens, start, `a hopping window may have ${mostHops} hops at most`);
  return { kind: 'hopping', sizeMs, hopMs };
};

const parseSession = (tokens: TokenReader): WindowSpec => {
  const [gapMs] = parseDurations(tokens, 1) as [number];
  return { kind: 'session', gapMs };
};

/** `(60s, 10s)` */
const parseDurations = (tokens: TokenReader, count: number): number[] => {
  tokens.expectSymbol('(');
  const durations = [parseDuration(tokens)];
  while (durations.length < count) {
    tokens.expectSymbol(',');
    durations.push(parseDuration(tokens));
  }
  tokens.expectSymbol(')');
  return durations;
};

const parseDuration = (tokens: TokenReader): number => {
  const { kind, start } = tokens.peek();
  const text = tokens.takeDuration() ?? (kind === 'text' ? tokens.next().text : undefined);
  if (text === undefined) return tokens.fail('a duration such as 10s or 1h30m');
  const milliseconds = readDuration(tokens, text, start);
  if (milliseconds < durationMs(shortest) || milliseconds > durationMs(longest)) {
    invalid(tokens, start, `a window takes durations from ${shortest} to ${longest}, not ${text}`);
  }
  return milliseconds;
};

const readDuration = (tokens: TokenReader, text: string, start: number): number => {
  try {
    return durationMs(text);
  } catch {
    return invalid(tokens, start, `'${text}' is no duration such as 10s or 1h30m`);
  }
};
