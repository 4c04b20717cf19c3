/**
 * Patterns over names of Kafka topics: `telemetry-*`, `{site}.orders.*`. `*` stands for any number of characters, none among them; `{name}` for
 * at least one, and gives the rule a column with them. Both are short where there is a choice, from the left: `{a}-{b}` takes `eu` and `west-1`
 * of `eu-west-1`. Names of topics have no levels, so neither stops at a dot.
 *
 * A match looks for each text between two wildcards once, from left to right, so it takes time by the length of the name, however many wildcards
 * there are; a regular expression would not.
 */

export interface TopicPattern {
  /** What stands before, between and behind the wildcards: one more than those. */
  readonly texts: readonly string[];
  /** What each wildcard captures; undefined for `*`. */
  readonly captures: readonly (string | undefined)[];
}

/** Topics that Kafka keeps for itself, and by convention other systems too. A pattern reads none of them. */
export const isInternalTopic = (topic: string): boolean => topic.startsWith('__');

const wildcard = /\*|\{([^{}]*)\}/g;
const captureName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads a pattern; undefined for a name without wildcards. Or gives what is wrong with it. */
export const parseTopicPattern = (text: string): TopicPattern | string | undefined => {
  const found = [...text.matchAll(wildcard)];
  if (found.length === 0) return undefined;
  const texts = text.split(/\*|\{[^{}]*\}/);
  const captures = found.map(([, name]) => name);
  const named = captures.filter(name => name !== undefined);
  const wrong = named.find(name => !captureName.test(name));
  if (wrong !== undefined) return `\`{${wrong}}\` is no capture: the name is a plain word`;
  const twice = named.find((name, at) => named.indexOf(name) < at);
  if (twice !== undefined) return `it captures ${twice} twice`;
  const between = texts.slice(1, -1).indexOf('');
  if (between >= 0) return `nothing stands between ${found[between]![0]} and ${found[between + 1]![0]}`;
  if (isInternalTopic(texts[0]!)) return 'topics that begin with __ are internal, and no pattern reads them: name one';
  return { texts, captures };
};

/** What the wildcards stand for in a topic, in their order; undefined if the pattern does not match it. */
export const matchTopic = (pattern: TopicPattern, topic: string): readonly string[] | undefined =>
  isInternalTopic(topic) ? undefined : matchPattern(pattern, topic);

/** The same for any text, such as a level of an MQTT topic. */
export const matchPattern = ({ texts, captures }: TopicPattern, topic: string): readonly string[] | undefined => {
  const [first, ...others] = texts as readonly [string, ...string[]];
  if (!topic.startsWith(first)) return undefined;
  const found: string[] = [];
  let start = first.length;
  for (const [at, text] of others.entries()) {
    const least = start + (captures[at] === undefined ? 0 : 1);
    const end = at === others.length - 1 ? topic.length - text.length : topic.indexOf(text, least);
    if (end < least || !topic.endsWith(text, end + text.length)) return undefined;
    found.push(topic.slice(start, end));
    start = end + text.length;
  }
  return found;
};

/** Whether some topic may match both. Two that have wildcards leave room for each other's texts but at their ends. */
export const patternsOverlap = (left: TopicPattern, right: TopicPattern): boolean =>
  startsAlike(left.texts[0]!, right.texts[0]!) && endsAlike(left.texts.at(-1)!, right.texts.at(-1)!);

const startsAlike = (left: string, right: string): boolean => left.startsWith(right) || right.startsWith(left);
const endsAlike = (left: string, right: string): boolean => left.endsWith(right) || right.endsWith(left);
