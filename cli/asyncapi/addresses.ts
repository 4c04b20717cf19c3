/** Addresses of channels: topics whose parts that differ from message to message are parameters in braces. */
import { parseTemplate } from '../../api/template.ts';
import type { RuleSource } from '../../rules/rule-source.ts';
import type { TopicPattern } from '../../rules/topic-pattern.ts';

export interface Parameter {
  readonly description: string;
  readonly default?: string;
}

export interface Address {
  readonly kind: 'mqtt' | 'kafka';
  /** Null where a topic has braces of its own, which an address cannot have. */
  readonly address: string | null;
  /** The topic as people write it. */
  readonly text: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** What a rule reads; undefined for events of the bridge itself, which nobody sends. */
export const sourceAddress = (source: RuleSource): Address | undefined => {
  if (source.kind === 'event') return undefined;
  const building = new Building(source.kind);
  if (source.kind === 'kafka') {
    addPattern(building, source.pattern ?? { texts: [source.topic], captures: [] }, 'part of the name of the topic');
    return building.address(source.topic);
  }
  const { filter, captures, patterns = [] } = source;
  for (const [level, text] of filter.split('/').entries()) {
    if (level > 0) building.add('/');
    const pattern = patterns.find(each => each.level === level)?.pattern;
    const name = captures.find(each => each.level === level)?.name;
    if (pattern !== undefined) addPattern(building, pattern, `part of level ${level + 1} of the topic`);
    else if (text === '+') building.parameter(name ?? `level${level + 1}`, `level ${level + 1} of the topic`);
    else if (text === '#') building.parameter(name ?? 'rest', `all levels of the topic from ${level + 1}`);
    else building.add(text);
  }
  return building.address(filter);
};

function addPattern(building: Building, { texts, captures }: TopicPattern, description: string): void {
  for (const [at, text] of texts.entries()) {
    building.add(text);
    if (at < captures.length) building.parameter(captures[at] ?? `part${at + 1}`, description);
  }
}

/** Where a sink writes: the template of its topic. */
export const templateAddress = (kind: 'mqtt' | 'kafka', template: string): Address => {
  const building = new Building(kind);
  for (const part of parseTemplate(template).parts) {
    if (typeof part === 'string') building.add(part);
    else building.parameter(part.path.join('_') || 'row', `the value of ${part.text}`, part.fallback);
  }
  return building.address(template);
};

class Building {
  readonly #kind: 'mqtt' | 'kafka';
  readonly #parameters = new Map<string, Parameter>();
  #text = '';
  #hasBraces = false;

  constructor(kind: 'mqtt' | 'kafka') {
    this.#kind = kind;
  }

  add(text: string): void {
    this.#text += text;
    this.#hasBraces ||= /[{}]/.test(text);
  }

  /** Another one of the same name gets a number; the same once more does not. */
  parameter(wanted: string, description: string, fallback?: string): void {
    const base = wanted.replace(/[^A-Za-z0-9_-]/g, '_');
    const value = { description, ...(fallback !== undefined && fallback !== '' && { default: fallback }) };
    const isOther = (found: Parameter | undefined) => found !== undefined && found.description !== description;
    let name = base;
    for (let count = 2; isOther(this.#parameters.get(name)); count++) name = `${base}_${count}`;
    this.#parameters.set(name, value);
    this.#text += `{${name}}`;
  }

  address(text: string): Address {
    const parameters = this.#hasBraces ? {} : Object.fromEntries(this.#parameters);
    return { kind: this.#kind, address: this.#hasBraces ? null : this.#text, text, parameters };
  }
}
