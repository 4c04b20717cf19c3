/** What a bare name means in a rule: a capture, else a column of the message. (Aliases come before both; the compilers know them.) */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { type AnyMessage, columnsOf, findColumn, kindOf, type SourceKind } from './columns.ts';
import { dashHint, textHint } from './hints.ts';
import { placeAt } from './position.ts';
import { isUnseen, unseen } from './publisher.ts';
import type { RuleSource } from './rule-source.ts';
import type { Value } from './value.ts';

/** Reads a name's value from a message and the captures of its topic. */
export type ReadName = (message: AnyMessage, captures: readonly (string | undefined)[]) => Value;

const kindsInWords: Readonly<Record<SourceKind, string>> = {
  mqtt: 'MQTT messages',
  kafka: 'Kafka records',
  loss: 'events of messages',
  connection: 'events of connections',
};

export interface NamesOptions {
  /** Whether messages say who published them. */
  readonly knowsPublisher?: boolean | undefined;
  readonly ruleName?: string | undefined;
  readonly bridgeName?: string | undefined;
}

export class Names {
  readonly kinds: readonly SourceKind[];
  readonly captureNames: readonly string[];
  readonly sources: readonly RuleSource[];
  /** Whether messages say who published them: of the example that somebody makes by hand, never of those of a broker. */
  readonly #knowsPublisher: boolean;

  /** What the columns hold that are no part of a message. */
  readonly #own: ReadonlyMap<string, string | undefined>;

  constructor(
    sources: readonly RuleSource[],
    captureNames: readonly string[],
    { knowsPublisher = false, ruleName, bridgeName }: NamesOptions = {},
  ) {
    this.#own = new Map([
      ['rule_name', ruleName],
      ['bridge_name', bridgeName],
    ]);
    this.sources = sources;
    this.#knowsPublisher = knowsPublisher;
    this.kinds = [...new Set(sources.map(kindOf))];
    this.captureNames = captureNames;
  }

  /** All names: columns in their order, then captures that are no column's name. */
  all(): string[] {
    return [...new Set([...columnsOf(this.kinds).map(({ name }) => name), ...this.captureNames])];
  }

  /** The names that `*` stands for. */
  inStar(): string[] {
    return this.all().filter(name => this.captureNames.includes(name) || findColumn(name, this.kinds)?.view !== true);
  }

  /** How to read a name; undefined when there is none. A source that does not capture a name leaves it to the column of that name. */
  reader(name: string): ReadName | undefined {
    const column = this.#column(name);
    const at = this.captureNames.indexOf(name);
    if (at < 0) return column?.read;
    if (column === undefined) return (_message, captures) => captures[at];
    return (message, captures) => captures[at] ?? column.read(message, captures);
  }

  /** Whether the name is one that has the same value in all messages. */
  isConstant(name: string): boolean {
    return this.#own.has(name) && !this.captureNames.includes(name);
  }

  #column(name: string): { readonly read: ReadName } | undefined {
    if (!this.#own.has(name)) return findColumn(name, this.kinds);
    const value = this.#own.get(name);
    return { read: () => value };
  }

  /** Whether the name is a message column that no capture stands before. */
  isColumn(name: string): boolean {
    return findColumn(name, this.kinds) !== undefined && !this.captureNames.includes(name);
  }

  /** Whether the name is a column that is a map in every message that has it. */
  isMap(name: string): boolean {
    return this.isColumn(name) && findColumn(name, this.kinds)?.type === 'map';
  }

  /**
   * What the name is, if nothing can be inside it, so that a path into it never has a value: a capture, or a column of text or a number. Undefined for
   * maps, and for the payload and the value, which are read as JSON.
   */
  withoutInside(name: string): string | undefined {
    if (this.captureNames.includes(name)) return 'text of the topic';
    const type = findColumn(name, this.kinds)?.type;
    if (type === undefined || type === 'map' || name === 'payload' || name === 'value') return undefined;
    return type === 'integer' ? 'a number' : type === 'boolean' ? 'true or false' : type;
  }

  /** Whether the name says who published a message, which nobody does here. */
  isUnseen(name: string): boolean {
    return !this.#knowsPublisher && !this.captureNames.includes(name) && isUnseen(name, this.sources);
  }

  /** Throws `rule-unknown-name` for a column, `rule-publisher-unknown` for one that only a broker could know. */
  unknown(sql: string, offset: number, name: string, aliases: Iterable<string>): never {
    if (this.isUnseen(name)) throw unseen(name, name, this.sources, { sql, offset });
    const near = nearest(name, [...aliases, ...this.all()]);
    if (near !== undefined && this.isUnseen(near)) throw unseen(near, name, this.sources, { sql, offset });
    const hint = textHint(sql, offset, name) ?? dashHint(sql, offset) ?? this.#hint(name, near);
    const details = { ...placeAt(sql, offset), what: 'column', name };
    throw new MkbError('rule-unknown-name', hint === undefined ? details : { ...details, hint });
  }

  #hint(name: string, near: string | undefined): string | undefined {
    if (near !== undefined) return `Did you mean ${near}?`;
    const elsewhere = findColumn(name, ['mqtt', 'kafka', 'loss', 'connection']);
    if (elsewhere !== undefined)
      return `It belongs to ${elsewhere.sources.map(kind => kindsInWords[kind]).join(' and ')}.`;
    const inside = ['payload', 'value'].find(column => this.isColumn(column));
    return inside && /^[A-Za-z]\w*$/.test(name) ? `A field of the ${inside} is ${inside}.${name}.` : undefined;
  }
}
