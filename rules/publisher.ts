/**
 * Who published a message: a PUBLISH does not say. Only the MQTT broker knows, so behind one these names never have a value, and a rule that
 * counts on one is refused, not run with nothing in its place: all records without a key, or none that WHERE lets pass.
 */
import { MkbError } from '../api/errors.ts';
import { placeAt } from './position.ts';
import type { RuleSource } from './rule-source.ts';

/** Names of EMQX's rules that say who published, and from where. */
const publisherNames: ReadonlySet<string> = new Set([
  'clientid',
  'username',
  'peerhost',
  'peername',
  'clean_start',
  'proto_ver',
  'sockname',
  'client_attrs',
  'cert_common_name',
  'cert_subject',
]);

/** Functions that read such a column. */
const publisherFunctions: ReadonlyMap<string, string> = new Map([
  ['clientid', 'clientid'],
  ['username', 'username'],
  ['peerhost', 'peerhost'],
  ['clientip', 'peerhost'],
]);

/** Whether messages of these sources can never have a value under the name, unless FROM captures it. */
export const isUnseen = (name: string, sources: readonly RuleSource[]): boolean =>
  publisherNames.has(name) && sources.every(({ kind }) => kind === 'mqtt');

/** The name that a function reads, if it is one of the publisher's. */
export const unseenBy = (functionName: string): string | undefined => publisherFunctions.get(functionName);

export interface UnseenPlace {
  readonly sql?: string;
  readonly offset?: number;
  /** In a template. */
  readonly at?: number;
}

/** @param written what stands there: a name, a call, a placeholder */
export const unseen = (
  name: string,
  written: string,
  sources: readonly RuleSource[],
  { sql, offset, at }: UnseenPlace,
): MkbError => {
  const place = sql === undefined ? { line: 0, column: 0 } : placeAt(sql, offset ?? 0);
  const example = exampleOf(name, sources);
  return new MkbError('rule-publisher-unknown', { ...place, written, name, example, ...(at !== undefined && { at }) });
};

/** The user's own filter, with a capture where a level is open. */
const exampleOf = (name: string, sources: readonly RuleSource[]): string => {
  const filters = sources.flatMap(source => (source.kind === 'mqtt' ? [source] : []));
  const open = filters.find(({ filter }) => /[+#]/.test(filter)) ?? filters[0];
  if (open === undefined) return `cars/{${name}}/#`;
  const levels = open.filter.split('/');
  for (const { name: captured, level, rest } of open.captures) levels[level] = `{${captured}}${rest ? '#' : ''}`;
  const plus = levels.indexOf('+');
  if (plus >= 0) levels[plus] = `{${name}}`;
  else if (levels.at(-1)?.endsWith('#')) levels.splice(-1, 0, `{${name}}`);
  else levels.push(`{${name}}`);
  return levels.join('/');
};
