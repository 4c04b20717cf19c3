/**
 * MQTT topic filters as FROM has them, with captures.
 *
 *     "cars/{vin}/status"          one level
 *     "site/{place}/{rest}#"       the rest of the topic, slashes included; empty where the topic ends before it, as `#` matches the parent
 *     "shelly/{id}/switch:{nr}"    a part of a level: at least one character, as few as there can be, from the left
 *
 * A broker knows no filter for a part of a level: the bridge subscribes with `+`, and the rule takes the topics that fit.
 */
import type { Capture, LevelPattern, MqttSource } from './rule-source.ts';
import { filterMatches, filterProblem } from './topic-filter.ts';
import { matchPattern, type TopicPattern } from './topic-pattern.ts';

export interface ParsedMqttSource {
  readonly filter: string;
  readonly captures: readonly Capture[];
  readonly patterns: readonly LevelPattern[];
  /** Why it is not valid. */
  readonly problem: string | undefined;
}

const captureName = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const parseMqttSource = (text: string): ParsedMqttSource => {
  const captures: Capture[] = [];
  const patterns: LevelPattern[] = [];
  const problems: string[] = [];
  const levels = text.split('/').map((level, at) => {
    if (!/\{.*\}/.test(level)) return level;
    const problem = levelProblem(level, at);
    if (problem !== undefined) problems.push(problem);
    const names = [...level.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
    const whole = /^\{[^{}]*\}(#?)$/.exec(level);
    if (whole !== null) {
      captures.push({ name: names[0]!, level: at, ...(whole[1] === '#' && { rest: true }) });
      return whole[1] === '#' ? '#' : '+';
    }
    for (const [part, name] of names.entries()) captures.push({ name, level: at, part });
    patterns.push({ level: at, pattern: { texts: level.split(/\{[^{}]*\}/), captures: names } });
    return '+';
  });
  const filter = levels.join('/');
  const twice = captures.find(({ name }, at) => captures.findIndex(each => each.name === name) < at)?.name;
  const problem = problems[0] ?? (twice === undefined ? filterProblem(filter) : `it captures ${twice} twice`);
  return { filter, captures, patterns, problem };
};

const levelProblem = (level: string, at: number): string | undefined => {
  const names = [...level.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
  const texts = level.split(/\{[^{}]*\}/);
  const others = texts.join('');
  if (names.some(name => !captureName.test(name)) || /[{}]/.test(others))
    return `\`${level}\` is no capture: {name} holds a plain word`;
  if (level === `{${names[0]}}#`) return undefined;
  if (/[+#]/.test(others))
    return `\`${level}\`: \`+\` and \`#\` are whole levels [MQTT-4.7.1]; the rest of a topic is captured by {name}#`;
  if (texts.slice(1, -1).includes('')) return `\`${level}\`: nothing stands between two captures`;
  if (at === 0 && level.startsWith('$'))
    return `\`${level}\`: no wildcard stands for a level that begins with $ [MQTT-4.7.2-1]`;
  return undefined;
};

/** Whether a topic is one of the source's. */
export const sourceMatches = ({ filter, patterns }: MqttSource, topic: string): boolean =>
  filterMatches(filter, topic) && (patterns === undefined || partsMatch(patterns, topic));

/** Whether the levels fit of which captures take parts, of a topic that the filter matches. */
export const partsMatch = (patterns: readonly LevelPattern[] | undefined, topic: string): boolean => {
  if (patterns === undefined) return true;
  const levels = topic.split('/');
  return patterns.every(({ level, pattern }) => matchPattern(pattern, levels[level]!) !== undefined);
};

/** What the source captures of a topic that it matches, in the order of `names`. */
export const mqttCaptures = (names: readonly string[], source: MqttSource, topic: string): (string | undefined)[] => {
  const levels = topic.split('/');
  return names.map(name => {
    const capture = source.captures.find(each => each.name === name);
    return capture === undefined ? undefined : captured(capture, levels, source.patterns);
  });
};

const captured = (
  { level, rest, part }: Capture,
  levels: readonly string[],
  patterns: readonly LevelPattern[] = [],
): string | undefined => {
  if (rest) return levels.slice(level).join('/');
  if (part === undefined) return levels[level];
  const pattern: TopicPattern | undefined = patterns.find(each => each.level === level)?.pattern;
  return pattern && matchPattern(pattern, levels[level]!)?.[part];
};
