/**
 * Attributes of clients: texts by name, which rules read as `client_attrs` and access filters as `${client_attrs.NAME}`. The document takes them from what
 * is known of each client; tokens and login servers add theirs, which count before the document's.
 */
import type { AttributeSource } from '../../../api/schema/clients.ts';
import { attributeProblem } from '../../../rules/check-clients.ts';
import { compilePattern, type Pattern } from '../../../rules/regex.ts';
import { newMap, type ValueMap } from '../../../rules/value.ts';
import type { ClientCertificate } from './certificate.ts';
import { Fault } from './fault.ts';

export type Attributes = Readonly<Record<string, string>>;

export interface AttributeRule {
  readonly name: string;
  readonly from: AttributeSource;
  /** What its first group finds is the value; undefined for the whole text. */
  readonly pattern: string | undefined;
}

export interface AttributeFacts {
  readonly clientId: string;
  /** Undefined if nobody has checked it. */
  readonly username: string | undefined;
  readonly certificate: ClientCertificate | undefined;
}

/** Longer values are none. */
const longest = 256;
const most = 50;
const nameForm = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export class ClientAttributes {
  readonly #rules: readonly (AttributeRule & { readonly compiled: Pattern | undefined })[];

  /** Throws `client-attribute-invalid`. */
  constructor(rules: readonly AttributeRule[]) {
    for (const { name, pattern } of rules) {
      const problem = pattern === undefined ? undefined : attributeProblem(name, pattern);
      if (problem) throw problem;
    }
    this.#rules = rules.map(rule => ({
      ...rule,
      compiled: rule.pattern === undefined ? undefined : compilePattern(rule.pattern),
    }));
  }

  /** All of a client; undefined if it has none. @param granted by its token or a login server */
  of(facts: AttributeFacts, granted: Attributes | undefined): ValueMap | undefined {
    const all = newMap();
    for (const { name, from, compiled } of this.#rules) {
      const text = textOf(from, facts);
      const value = text === undefined || compiled === undefined ? text : compiled.groups(text)[0];
      if (value !== undefined && value !== '' && value.length <= longest) all[name] = value;
    }
    Object.assign(all, granted);
    return Object.keys(all).length === 0 ? undefined : Object.freeze(all);
  }
}

const textOf = (from: AttributeSource, { clientId, username, certificate }: AttributeFacts): string | undefined => {
  if (from === 'clientId') return clientId;
  return from === 'username' ? username : certificate?.[from];
};

/** Those of a login server. Throws Fault for what is no map of names to texts. */
export function readAttributes(value: unknown): Attributes | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw new Fault('client_attrs is no object');
  const entries = Object.entries(value);
  if (entries.length > most) throw new Fault(`client_attrs has more than ${most} names`);
  return Object.fromEntries(
    entries.map(([name, each]) => {
      const text = attributeText(each);
      if (!nameForm.test(name) || text === undefined) throw new Fault('client_attrs has what is no name with a text');
      return [name, text];
    }),
  );
}

/** A value as text; undefined for one that is none, or too long. */
export function attributeText(value: unknown): string | undefined {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const text = isPlain ? String(value) : '';
  return text === '' || text.length > longest ? undefined : text;
}
