/**
 * Regular expressions in time that is linear in the text, whatever the pattern: RE2's rules. EMQX's engine tries alternatives one after
 * another, so that an unlucky text can hold it up for hours; in exchange RE2 has no look-around, back references or possessive
 * quantifiers, and a pattern that uses them is refused when the rule is loaded.
 *
 * One rule of EMQX's engine is kept because payloads often end in a line break: `$` also matches before the last one.
 */
import { RE2JS } from 're2js';
import { mustFit } from './longest-text.ts';
import { Refusal } from './refusal.ts';

export interface Pattern {
  /** Groups that the pattern has. */
  readonly groupCount: number;
  /** Whether the pattern is found anywhere in the text. */
  matches(text: string): boolean;
  /** What the groups of the first match hold: empty text for one that took no part, none at all after the last that did. */
  groups(text: string): string[];
  /** The text with every match replaced: `&` stands for the match, `\1` or `\g{1}` for a group. */
  replace(text: string, replacement: string): string;
}

const mostPatterns = 500;
const compiled = new Map<string, Pattern>();

/** A pattern, compiled once and then kept (a few hundred of them). Throws Refusal for what is no pattern. */
export const compilePattern = (source: string): Pattern => {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  if (compiled.size >= mostPatterns) compiled.clear();
  const pattern = compile(source);
  compiled.set(source, pattern);
  return pattern;
};

const compile = (source: string): Pattern => {
  const regex = parse(source);
  const anchored = source.includes('$');
  /** The text in which the pattern is found: as it is, or without its last line break. */
  const found = (text: string): string | undefined => {
    if (regex.matcher(text).find()) return text;
    const shorter = anchored && text.endsWith('\n') ? text.slice(0, -1) : undefined;
    return shorter !== undefined && regex.matcher(shorter).find() ? shorter : undefined;
  };
  return {
    groupCount: regex.groupCount(),
    matches: text => found(text) !== undefined,
    groups: text => {
      const where = found(text);
      return where === undefined ? [] : firstGroups(regex, where);
    },
    replace: (text, replacement) => {
      const where = found(text);
      return where === undefined ? text : replaceAll(regex, where, replacement) + text.slice(where.length);
    },
  };
};

const parse = (source: string): RE2JS => {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
    throw new Refusal(`the regular expression cannot be read: ${reason}`);
  }
};

type Matcher = ReturnType<RE2JS['matcher']>;

const groupOf = (matcher: Matcher, number: number): string =>
  number <= matcher.groupCount() ? (matcher.group(number) ?? '') : '';

const firstGroups = (regex: RE2JS, text: string): string[] => {
  const matcher = regex.matcher(text);
  matcher.find();
  let last = matcher.groupCount();
  while (last > 0 && matcher.group(last) === null) last--;
  return Array.from({ length: last }, (_, at) => groupOf(matcher, at + 1));
};

/** `&`, `\1`, `\g1`, `\g{1}`; a backslash before anything else leaves that as it is. */
const placeholder = /&|\\(?:g?(\d+)|g\{(\d+)\}|(.))/gsu;

const expand = (replacement: string, matcher: Matcher): string => {
  let length = 0;
  return replacement.replace(placeholder, (_all, plain?: string, braced?: string, literal?: string) => {
    if (literal !== undefined) return literal;
    const group = groupOf(matcher, Number(plain ?? braced ?? 0));
    length += group.length;
    mustFit(length);
    return group;
  });
};

/** How many UTF-16 units the character at a place has. */
const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** From one match to the next; an empty match steps over one character, which stays. */
const replaceAll = (regex: RE2JS, text: string, replacement: string): string => {
  const matcher = regex.matcher(text);
  let result = '';
  let copied = 0;
  let from = 0;
  while (from <= text.length && matcher.find(from)) {
    const start = matcher.start();
    const end = matcher.end();
    result += text.slice(copied, start) + expand(replacement, matcher);
    mustFit(result.length);
    copied = end;
    from = end > start ? end : end + widthAt(text, end);
  }
  return result + text.slice(copied);
};
